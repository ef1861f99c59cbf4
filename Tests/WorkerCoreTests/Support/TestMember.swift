import Identity
import TestSupport
import Transport
import Wire

/// Somebody with a certificate of the tests' cluster, who dials.
struct TestMember {
    let security: LinkSecurity

    init(_ kind: ClusterIdentity.Kind = .member) throws { security = try TestAuthority.shared.security(kind) }

    /// The identity in its certificate.
    var id: String { security.credentials.identity.id }

    /// Opens a link.
    func dial(
        _ endpoint: Endpoint, _ role: LinkRole, session: UInt64 = 7, probe: WorkerProbe = WorkerProbe()
    ) async throws(TransportError) -> any Link {
        try await LocalWorker.makeTransport(security: .mutual(security)).connect(
            to: endpoint, hello: hello(role, session: session), handler: probe)
    }

    /// Why no link is opened; nil where one is, which is closed.
    func refusal(_ endpoint: Endpoint, _ role: LinkRole, session: UInt64 = 7) async -> RefusalCode? {
        do {
            try await dial(endpoint, role, session: session).close()
            return nil
        } catch {
            return error.refusal?.code
        }
    }
}

/// A worker of the tests' cluster that listens, with a coordinator of session 7 in the process.
struct ClosedWorker {
    let member: TestMember
    let tested: TestWorker
    let listener: Listener

    init(model: TinyModel = TinyModel()) async throws {
        member = try TestMember()
        tested = try TestWorker(model: model, security: .mutual(member.security))
        listener = try await tested.listen()
    }

    var endpoint: Endpoint { listener.boundEndpoint }
    var address: String { endpoint.description }

    /// Names whose links it takes.
    func admit(upstream: [TestMember] = [], caches: [TestMember] = []) async -> Bool {
        let request = AdmitPeers(upstream: upstream.map(\.id), caches: caches.map(\.id))
        return await tested.ask(.admitPeers(request)) == .peersAdmitted(PeersAdmitted())
    }

    func end() async {
        await listener.close()
        tested.end()
    }
}
