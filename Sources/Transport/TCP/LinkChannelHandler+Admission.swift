import Identity
import NIOCore
import NIOSSL
import Wire

/// Whom a channel with TLS talks to.
extension LinkChannelHandler {
    /// TLS is done: who is it?
    func admit(_ context: ChannelHandlerContext) {
        guard let admission = owner.admission, outcome == nil, !hasEnded else { return }
        do {
            let handler = try context.pipeline.syncOperations.handler(type: NIOSSLHandler.self)
            let peer = try admission.admit(try handler.peerCertificate?.toDERBytes())
            (identity, removed) = (peer.identity, peer.removed)
            run(machine.connected(), context)
        } catch {
            outcome =
                (error as? TransportError)
                ?? TransportError(securing: error, peer: owner.address, isDialing: owner.hello != nil)
            closeNow(context)
        }
    }

    func decision(_ hello: Hello) -> Result<Welcome, Refusal> {
        if owner.admission != nil, !hello.role.isOpen(to: identity?.kind) {
            let who = identity.map { "a certificate of a \($0.kind.rawValue)" } ?? "no certificate"
            return .failure(
                Refusal(code: .notAllowed, message: "with \(who) no link of role \(hello.role) may be opened"))
        }
        return owner.welcome(hello, identity)
    }
}
