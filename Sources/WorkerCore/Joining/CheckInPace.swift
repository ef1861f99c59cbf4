/// When a device tells its coordinator where it is, and learns whether it is a member still: when it starts, when its own addresses change,
/// when the coordinator's links end, and now and then while there are none. A pure value, which is told the time.
package struct CheckInPace: Sendable {
    /// How things stand with the device.
    package struct Situation: Sendable {
        /// Whether the coordinator has a link to it.
        package var isLinked: Bool
        /// How many of its links have ended in this run.
        package var endedLinks: Int
        /// Its own addresses.
        package var addresses: Set<String>
        package var isRenewalDue: Bool

        package init(isLinked: Bool, endedLinks: Int = 0, addresses: Set<String>, isRenewalDue: Bool = false) {
            self.isLinked = isLinked
            self.endedLinks = endedLinks
            self.addresses = addresses
            self.isRenewalDue = isRenewalDue
        }
    }

    /// How often a device says that it is there to which the coordinator has no link.
    package static let interval = Duration.seconds(60)
    /// How long it waits to try again, at first and at last.
    package static let firstPause = Duration.seconds(2)
    package static let longestPause = Duration.seconds(60)

    /// What the coordinator knows since when; `nil` while it knows nothing in this run.
    private var told: (at: ContinuousClock.Instant, addresses: Set<String>, endedLinks: Int)?
    private var failures = 0
    private var retry: ContinuousClock.Instant?
    private var latest: Set<String> = []

    /// - Parameter isKnown: whether the coordinator was told just now.
    package init(isKnown: Bool = false, addresses: Set<String> = [], at now: ContinuousClock.Instant) {
        if isKnown { told = (now, addresses, 0) }
        latest = addresses
    }

    /// Whether the coordinator is to be told now.
    package mutating func isDue(_ situation: Situation, at now: ContinuousClock.Instant) -> Bool {
        // Another network: what failed before may be possible now.
        if situation.addresses != latest { (failures, retry) = (0, nil) }
        latest = situation.addresses
        if let retry, retry > now { return false }
        guard let told else { return true }
        return situation.isRenewalDue || told.addresses != situation.addresses
            || told.endedLinks != situation.endedLinks || !situation.isLinked && now - told.at >= Self.interval
    }

    /// The coordinator was told, and answered.
    package mutating func succeeded(_ situation: Situation, at now: ContinuousClock.Instant) {
        told = (now, situation.addresses, situation.endedLinks)
        (failures, retry) = (0, nil)
    }

    /// It could not be told.
    package mutating func failed(at now: ContinuousClock.Instant) {
        retry = now + min(Self.firstPause * (1 << min(failures, 10)), Self.longestPause)
        failures += 1
    }
}
