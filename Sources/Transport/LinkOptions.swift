package import NIOCore
package import Wire

/// The times and limits of links.
package struct LinkOptions: Sendable {
    /// The time for the handshake on the accepting side; the dialing side's is the rest of its connect timeout.
    package var handshakeTimeout: TimeAmount = .seconds(5)
    /// How long `connect` tries at least, whatever is asked of it: for tests, which a busy machine must not end.
    package var leastConnectTimeout: TimeAmount = .zero
    /// How long this side may be silent before it sends a ping.
    package var pingAfter: TimeAmount = .milliseconds(500)
    /// How long the peer may be silent before the link is given up.
    package var giveUpAfter: TimeAmount = .seconds(2)
    /// How long `close` waits for what was sent before.
    package var lingerTimeout: TimeAmount = .seconds(2)
    /// What may wait to be sent before the link is given up as congested: 1 GiB.
    package var maximumPendingBytes = 1 << 30
    /// What the link takes and sends.
    package var limits = FrameLimits()

    package init() {}
}
