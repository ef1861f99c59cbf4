import NIOCore
import Synchronization
package import Wire

/// A link within the process: frames are handed over as values, without being encoded.
///
/// A frame is delivered on a sender's thread: `send` delivers what waits unless another call is already doing so, in which
/// case that one delivers it. So no lock is held while a handler runs, calls of a handler never overlap, and handlers that
/// answer each other do not recurse.
package final class InProcessLink: Link {
    package let peer: PeerIdentity
    private let inbox: InProcessInbox
    private let outbox: InProcessInbox
    private let limits: FrameLimits

    private init(peer: PeerIdentity, inbox: InProcessInbox, outbox: InProcessInbox, limits: FrameLimits) {
        self.peer = peer
        self.inbox = inbox
        self.outbox = outbox
        self.limits = limits
    }

    /// Two links that are each other's peer, open; both handlers' `opened` have been called, the accepting one's first.
    ///
    /// - Parameters:
    ///   - hello: what the dialing side says of itself.
    ///   - welcome: what the accepting side says of itself.
    ///   - limits: what the links take.
    ///   - dialing: the handler of the dialing side's link.
    ///   - accepting: the handler of the accepting side's link.
    package static func pair(
        hello: Hello, welcome: Welcome, limits: FrameLimits = FrameLimits(), dialing: any LinkHandler,
        accepting: any LinkHandler
    ) -> (dialing: any Link, accepting: any Link) {
        let toDialing = InProcessInbox(handler: dialing)
        let toAccepting = InProcessInbox(handler: accepting)
        let dialingLink = InProcessLink(
            peer: PeerIdentity(welcome, hello: hello, address: "in-process"), inbox: toDialing, outbox: toAccepting,
            limits: limits)
        let acceptingLink = InProcessLink(
            peer: PeerIdentity(hello, version: welcome.version, address: "in-process"), inbox: toAccepting,
            outbox: toDialing, limits: limits)
        toAccepting.open(acceptingLink)
        toDialing.open(dialingLink)
        return (dialingLink, acceptingLink)
    }

    package var pendingBytes: Int { outbox.pendingBytes }

    package func timeArrival(_ tell: @escaping @Sendable (Duration) -> Void) {}

    package func send(_ frame: Frame, whenWritten: (@Sendable (Bool) -> Void)?) {
        do {
            try frame.validate(limits: limits)
        } catch {
            let reason = TransportError(
                .invalidFrame, "\(peer.address): \(frame.summary) was not sent: \(error.message)")
            close(reason)
            whenWritten?(false)
            return
        }
        if case .control(let message) = frame {
            switch message.body {
            case .ping, .pong, .goodbye:
                whenWritten?(true)
                return
            default: break
            }
        }
        outbox.put(frame, whenWritten: whenWritten)
    }

    package func setReading(_ isReading: Bool) { inbox.setReading(isReading) }

    package func close() { close(nil) }

    private func close(_ error: TransportError?) {
        guard inbox.end(error: error, dropping: true) else { return }
        outbox.end(
            error: TransportError(.closedByPeer, "\(peer.address): the peer closed the link"), dropping: false)
        inbox.drain()
        outbox.drain()
    }
}
