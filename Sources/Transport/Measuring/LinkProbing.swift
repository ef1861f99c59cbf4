package import Wire

/// Measures a link by probes: tells which to send when, and what follows from the times of the replies. A pure value, which is told
/// the time; whoever owns the link sends, and reports replies where they arrive, with no hop to another thread between.
///
/// First small probes, one at a time, for the round trip; then large ones, some of them on their way at once, for the rate. What a link
/// carries one way is measured; the replies are empty.
package struct LinkProbing: Sendable {
    /// What to do next.
    package enum Action: Sendable, Hashable {
        case send([LinkProbe])
        case wait
        case done(LinkProfile)
    }

    /// Round trips that are taken, after `warmUps` that are not.
    package static let roundTrips = 20
    package static let warmUps = 3
    /// Bytes of a small probe and its reply: less than any step has.
    package static let smallBytes = 64
    /// Bytes of a large probe: a step of a prompt.
    package static let largeBytes = 256 << 10
    /// Large probes on their way at once: 1 MiB keeps a link busy whose delay is 8 ms at a gigabit.
    package static let window = 4
    /// Large probes are sent for at least this long, and until `leastLarge` replies came.
    package static let rateTime = Duration.milliseconds(50)
    package static let leastLarge = 12

    private var trips: [Duration] = []
    private var smallReplies = 0
    private var sentAt: ContinuousClock.Instant?
    private var largeReplies = 0
    /// When the first window was over: by then the link is filled, and a sender has found its pace.
    private var rateBegan: ContinuousClock.Instant?

    package init() {}

    /// The first probes.
    package mutating func begin(at now: ContinuousClock.Instant) -> Action {
        sentAt = now
        return .send([Self.small])
    }

    /// Takes the reply to the oldest probe on its way.
    package mutating func replied(at now: ContinuousClock.Instant) -> Action {
        if smallReplies < Self.warmUps + Self.roundTrips { return smallReplied(at: now) }
        largeReplies += 1
        guard let rateBegan else {
            if largeReplies == Self.window { self.rateBegan = now }
            return sendLarge(1)
        }
        let counted = largeReplies - Self.window
        if counted >= Self.leastLarge - Self.window, now - rateBegan >= Self.rateTime {
            // What is still on its way is of no interest; its replies go to a measurement that has ended.
            return .done(profile(bytes: counted * Self.largeBytes, in: now - rateBegan))
        }
        return sendLarge(1)
    }

    private mutating func smallReplied(at now: ContinuousClock.Instant) -> Action {
        smallReplies += 1
        if smallReplies > Self.warmUps, let sentAt { trips.append(now - sentAt) }
        guard smallReplies == Self.warmUps + Self.roundTrips else {
            sentAt = now
            return .send([Self.small])
        }
        return sendLarge(Self.window)
    }

    private func sendLarge(_ count: Int) -> Action {
        .send(Array(repeating: Self.large, count: count))
    }

    private func profile(bytes: Int, in time: Duration) -> LinkProfile {
        let median = trips.sorted()[trips.count / 2]
        return LinkProfile(
            roundTripNanoseconds: UInt64(max(1, median / .nanoseconds(1))),
            bytesPerSecond: UInt64(max(1, Double(bytes) / max(time / .seconds(1), 1e-9))))
    }

    private static let small = LinkProbe(
        payload: [UInt8](repeating: 0, count: smallBytes), replyBytes: UInt32(smallBytes))
    private static let large = LinkProbe(payload: [UInt8](repeating: 0, count: largeBytes), replyBytes: 0)
}
