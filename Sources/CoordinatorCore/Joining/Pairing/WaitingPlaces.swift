/// Which devices may wait to be let in by a code, when more ask than there are places.
///
/// A value without clock or links: times are seconds that it is told. So that a stranger who asks again and again keeps nobody out, a device
/// whose address has waited less often lately takes the place of one whose address has waited most.
package struct WaitingPlaces: Sendable {
    package struct Bounds: Sendable, Hashable {
        package var places = 16
        package var placesOfAddress = 4
        /// For how long it counts that an address has waited.
        package var memorySeconds: Int64 = 600
        /// Of how many addresses that is known.
        package var addresses = 1_024

        package init(places: Int = 16, placesOfAddress: Int = 4) {
            self.places = places
            self.placesOfAddress = placesOfAddress
        }
    }

    package struct Device: Sendable, Hashable {
        package let place: Int
        package let name: String
        /// From where it asks, without the port.
        package let host: String
        package let port: Int
        /// When it began to wait.
        package let since: Int64
    }

    package enum Admission: Sendable, Hashable {
        /// - Parameter instead: whose place it takes, who has to go.
        case waits(Device, instead: Device?)
        case refused
    }

    private let bounds: Bounds
    /// By their places.
    package private(set) var devices: [Int: Device] = [:]
    /// When addresses began to wait, lately.
    private var waits: [String: [Int64]] = [:]

    /// - Precondition: there are no more places than letters.
    package init(_ bounds: Bounds = Bounds(), letters: Int = 32) {
        precondition(bounds.places <= letters, "\(bounds.places) places for \(letters) letters")
        self.bounds = bounds
        self.letters = letters
    }

    private let letters: Int

    /// Those that wait, the longest first.
    package var inOrder: [Device] {
        devices.values.sorted { ($0.since, $0.place) < ($1.since, $1.place) }
    }

    /// A device asks to wait.
    ///
    /// - Parameter choose: one of so many free places; random, so that nobody knows the next one.
    package mutating func ask(
        name: String, host: String, port: Int, now: Int64, choose: (Int) -> Int
    ) -> Admission {
        forget(now)
        let own = Self.network(host)
        guard devices.values.count(where: { Self.network($0.host) == own }) < bounds.placesOfAddress else {
            return .refused
        }
        var instead: Device?
        if devices.count >= bounds.places {
            instead = mostFrequent(above: count(own))
            guard let instead else { return .refused }
            devices[instead.place] = nil
        }
        let free = (0..<letters).filter { devices[$0] == nil && $0 != instead?.place }
        let place = free[choose(free.count)]
        let device = Device(place: place, name: name, host: host, port: port, since: now)
        devices[place] = device
        if waits[own] != nil || waits.count < bounds.addresses {
            waits[own] = (waits[own, default: []] + [now]).suffix(bounds.places)
        }
        return .waits(device, instead: instead)
    }

    /// A device does not wait any more.
    package mutating func leave(_ place: Int) { devices[place] = nil }

    /// The device whose address has waited most often, and more often than `count`; of several the one that waits longest.
    private func mostFrequent(above count: Int) -> Device? {
        let counted = inOrder.map { (device: $0, waits: self.count(Self.network($0.host))) }
        guard let most = counted.map(\.waits).max(), most > count else { return nil }
        return counted.first { $0.waits == most }?.device
    }

    private func count(_ network: String) -> Int { waits[network]?.count ?? 0 }

    private mutating func forget(_ now: Int64) {
        let oldest = now.subtractingReportingOverflow(bounds.memorySeconds).partialValue
        waits = waits.compactMapValues { times in
            // A clock that was set back forgets too.
            let kept = times.filter { oldest < $0 && $0 <= now }
            return kept.isEmpty ? nil : kept
        }
    }

    /// What counts as one address: of IPv6 the network, in which a device has as many as it likes.
    private static func network(_ host: String) -> String {
        let parts = host.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count > 2 else { return host }
        // Where groups of zeros are left out, there are fewer parts than eight.
        var groups: [Substring] = []
        for (index, part) in parts.enumerated() {
            if part.isEmpty, index > 0, index < parts.count - 1 {
                groups += Array(repeating: "0", count: max(1, 9 - parts.count))
            } else {
                groups.append(part.isEmpty ? "0" : part)
            }
        }
        return groups.prefix(4).joined(separator: ":")
    }
}
