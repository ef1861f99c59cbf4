import Identity
import Logging
import NIOCore
import Transport
import Wire

/// Which peers a worker talks to: those that its coordinator named, whoever dials.
extension Worker {
    /// Opens a link to another worker.
    ///
    /// - Parameter identity: who must answer there where links are secured: another one is not talked to, nor anybody where nobody was named.
    /// - Throws: `TransportError`
    func connect(
        to address: String, identity: String?, role: LinkRole, session: UInt64,
        timeout: TimeAmount = TCPTransport.defaultConnectTimeout, handler: any LinkHandler
    ) async throws(TransportError) -> any Link {
        try await transport.connect(
            to: try endpoint(address, of: identity),
            hello: Hello(
                role: role, session: session, name: configuration.name, softwareVersion: SoftwareVersion.current),
            timeout: timeout, member: identity, handler: handler)
    }

    /// Where a device listens that the coordinator named.
    ///
    /// - Throws: `TransportError` for what is no address, or, where links are secured, without the identity that must be there.
    func endpoint(_ address: String, of identity: String?) throws(TransportError) -> Endpoint {
        let endpoint = try Endpoint(parsing: address)
        guard identity != nil || !transport.isSecured else {
            throw TransportError(.notSecured, "\(endpoint): the coordinator did not say which device is there")
        }
        return endpoint
    }

    /// Why no link of a role is taken from a peer; `nil` where it is.
    func refusal(_ hello: Hello, from identity: ClusterIdentity?) -> Refusal? {
        guard hello.role == .upstream || hello.role == .caches else { return nil }
        guard let session = session(hello.session) else {
            return Refusal(
                code: .unknownSession,
                message: "no coordinator of session \(hello.session) is connected to \(configuration.name)")
        }
        guard session.admits(identity, for: hello.role) else {
            return Refusal(
                code: .notAllowed,
                message:
                    "the coordinator named no such device to \(configuration.name) for a link of role \(hello.role)")
        }
        return nil
    }

    /// Whether what a link was opened for is still open to its peer.
    func admits(_ peer: PeerIdentity) -> Bool {
        guard peer.role == .upstream || peer.role == .caches else { return true }
        return session(peer.session)?.admits(peer.identity, for: peer.role) ?? (peer.identity == nil)
    }

    /// Closes the link of a peer that asks for what the coordinator named others for.
    func refuse(_ link: any Link) {
        logger.notice(
            "link closed, for which the coordinator named others",
            metadata: ["role": "\(link.peer.role)", "from": "\(link.peer.address)", "device": "\(link.peer.name)"])
        link.close()
    }

    /// Whether this device dials where a peer wishes, to measure the link there: for the coordinator alone, where devices are known.
    func dials(for peer: PeerIdentity) -> Bool {
        peer.role == .coordinator || peer.role == .inspector && peer.identity?.kind != .member
    }

    /// Whether a step may come from a peer: over an upstream link from the device of the stage before alone.
    func takes(_ frame: StepFrame, from peer: PeerIdentity, in session: WorkerSession) -> Bool {
        guard peer.role == .upstream, peer.identity != nil else { return true }
        if let stage = stages[StageKey(session: session.id, epoch: frame.epoch, stage: frame.stage)] {
            return stage.request.takesSteps(from: peer.identity)
        }
        // That there is no such stage is told of to the coordinator, which ends sequences for it.
        return !stages.holds(session: session.id, epoch: frame.epoch)
            || session.admits(peer.identity, for: .upstream)
    }
}
