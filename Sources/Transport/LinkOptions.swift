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
    /// How long a peer that asked may take nothing of what waits for it before the link is given up.
    package var writePatience: TimeAmount = .seconds(10)
    /// Whether frames are taken only of the kinds that travel in a link's direction by its role.
    package var restrictsKinds = false
    /// Counts what has come of unfinished frames, over all links that share it; nil does not.
    package var incoming: IncomingMemory?
    /// What the link takes and sends.
    package var limits = FrameLimits()

    package init() {}
}
