/// How long frames of one link take to the peer, told by pings that follow them. A pure value; times are nanoseconds of any steady clock.
///
/// The clocks of two devices differ by more than a frame takes. So what is timed is until the peer's answer, and half of the shortest time
/// that this ever took, which is an answer's way, is taken off.
package struct ArrivalTiming: Sendable {
    /// Takes the time of the frame.
    package typealias Tell = @Sendable (Duration) -> Void

    /// An answer that has not come by then is waited for no longer: the peer has more to write than a pong.
    package static let patience: Int64 = 10_000_000_000
    /// Set in all nonces, so that none is one of the heartbeat's.
    private static let mark: UInt64 = 1 << 63

    private var lastNonce = mark
    private var underway: (nonce: UInt64, began: Int64, tell: Tell)?
    private var shortest = Int64.max

    package init() {}

    /// A frame was sent.
    ///
    /// - Returns: the nonce of the ping that must follow it; nil while another frame is timed.
    package mutating func begin(now: Int64, tell: @escaping Tell) -> UInt64? {
        if let underway, now - underway.began < Self.patience { return nil }
        lastNonce = Self.mark | (lastNonce &+ 1)
        underway = (lastNonce, now, tell)
        return lastNonce
    }

    /// A pong came, of whatever ping.
    ///
    /// - Returns: what to tell, where it is the answer that was waited for.
    package mutating func answered(_ nonce: UInt64, now: Int64) -> (time: Duration, tell: Tell)? {
        guard let timed = underway, timed.nonce == nonce else { return nil }
        underway = nil
        let elapsed = max(0, now - timed.began)
        shortest = min(shortest, elapsed)
        return (.nanoseconds(elapsed - shortest / 2), timed.tell)
    }
}
