/// When to ping and when to give a peer up: a value without a clock. Times are nanoseconds of any steady clock.
package struct Heartbeat: Sendable {
    /// What is due.
    package enum Action: Sendable, Hashable {
        /// Nothing until then.
        case wait(untilNanoseconds: Int64)
        /// Send a ping, then ask again.
        case ping
        /// Nothing was heard for that long: close.
        case giveUp(silentNanoseconds: Int64)
    }

    private let pingAfter: Int64
    private let giveUpAfter: Int64
    private var lastSent: Int64
    private var lastHeard: Int64

    /// - Parameters:
    ///   - pingAfterNanoseconds: how long this side may have been silent before it sends a ping.
    ///   - giveUpAfterNanoseconds: how long the peer may be silent.
    package init(pingAfterNanoseconds: Int64, giveUpAfterNanoseconds: Int64, now: Int64) {
        pingAfter = pingAfterNanoseconds
        giveUpAfter = giveUpAfterNanoseconds
        lastSent = now
        lastHeard = now
    }

    /// Bytes came from the peer.
    package mutating func heard(now: Int64) { lastHeard = now }

    /// A frame was sent.
    package mutating func sent(now: Int64) { lastSent = max(lastSent, now) }

    /// What is due now.
    package func due(now: Int64) -> Action {
        if now - lastHeard >= giveUpAfter { return .giveUp(silentNanoseconds: now - lastHeard) }
        if now - lastSent >= pingAfter { return .ping }
        return .wait(untilNanoseconds: min(lastSent + pingAfter, lastHeard + giveUpAfter))
    }
}
