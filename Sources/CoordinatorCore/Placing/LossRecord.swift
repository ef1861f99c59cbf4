/// How long devices are left out of placements that were lost soon after they got a stage, or did nothing. A pure value, which is told the
/// time.
///
/// A device that is lost for the first time is used again as soon as it is back: cables are pulled, machines restarted. One that is lost
/// again and again, each time soon after it got a stage, is left out for longer each time, and one that does no work at once.
package struct LossRecord: Sendable {
    /// A loss after a shorter time counts.
    package static let soon = Duration.seconds(10)
    /// A device that held stages for so long begins anew.
    package static let forgiven = Duration.seconds(60)
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(300)
    private static let longestIdlePause = Duration.seconds(3600)

    private struct Entry: Sendable {
        /// Since when it holds stages of placements that stand.
        var since: ContinuousClock.Instant?
        var losses = 0
        /// The placement that it was last lost of: several may tell of one loss.
        var placement: UInt32?
    }

    private var entries: [String: Entry] = [:]
    private let firstIdlePause: Duration

    /// - Parameter idlePause: for how long one that does no work is left out the first time.
    package init(idlePause: Duration = HeadwayLimits().leftOut) { firstIdlePause = idlePause }

    /// A placement stands on these devices.
    package mutating func placed(on devices: Set<String>, at now: ContinuousClock.Instant) {
        for device in entries.keys where !devices.contains(device) { entries[device]!.since = nil }
        for device in devices where entries[device]?.since == nil { entries[device, default: Entry()].since = now }
    }

    /// A device was lost that had a stage, or was getting one.
    ///
    /// - Parameters:
    ///   - isIdle: whether it answered, and did no work.
    ///   - placement: its number; another loss of the same one is not counted.
    /// - Returns: for how long it is left out; zero is not at all.
    package mutating func lost(
        _ device: String, isIdle: Bool, placement: UInt32, at now: ContinuousClock.Instant
    ) -> Duration {
        var entry = entries[device] ?? Entry()
        defer { entries[device] = entry }
        guard isIdle || entry.placement != placement else { return .zero }
        entry.placement = placement
        let stood = entry.since.map { now - $0 } ?? .zero
        entry.since = nil
        if stood >= Self.forgiven { entry.losses = 0 }
        guard isIdle || stood < Self.soon else { return .zero }
        entry.losses += 1
        if isIdle { return Self.pause(entry.losses, first: firstIdlePause, longest: Self.longestIdlePause) }
        return entry.losses == 1
            ? .zero : Self.pause(entry.losses - 1, first: Self.firstPause, longest: Self.longestPause)
    }

    private static func pause(_ count: Int, first: Duration, longest: Duration) -> Duration {
        min(first * (1 << min(count - 1, 20)), longest)
    }
}

/// How long to wait before the model is placed again, where the placements before came to nothing. A pure value, which is told the time.
package struct PlacingPace: Sendable {
    /// Placements that may follow each other at once: several devices may be lost one after the other.
    private static let free = 3
    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(10)
    /// After so long it is another story.
    private static let forgotten = Duration.seconds(60)

    private var fruitless = 0
    private var last: (at: ContinuousClock.Instant, tokens: Int)?

    package init() {}

    /// The model is to be placed again.
    ///
    /// - Parameter tokens: tokens generated so far: where they are more than the last time, that placement was of use.
    /// - Returns: for how long to wait first.
    package mutating func next(tokens: Int, at now: ContinuousClock.Instant) -> Duration {
        let isFruitless = last.map { tokens == $0.tokens && now - $0.at < Self.forgotten } ?? false
        fruitless = isFruitless ? fruitless + 1 : 0
        let pause =
            fruitless < Self.free
            ? Duration.zero : min(Self.firstPause * (1 << min(fruitless - Self.free, 20)), Self.longestPause)
        last = (now + pause, tokens)
        return pause
    }
}
