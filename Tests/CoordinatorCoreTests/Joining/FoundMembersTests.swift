import ClusterStore
import CoordinatorCore
import Identity
import TestSupport
import Testing
import Transport
import WorkerCore

/// Members that announce themselves at another address than the one that is known, over real TLS links on loopback.
@Suite(.timeLimit(.minutes(10))) struct FoundMembersTests {
    private let cluster = JoiningCluster()

    /// A member that joined from where nobody answers now, and is elsewhere.
    private func withMovedMember(
        _ body: (JoinService, _ member: LocalWorker, _ transport: TCPTransport) async throws -> Void
    ) async throws {
        try await cluster.withService { service, port in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let credentials = try await cluster.client("pi1", port: 1).join(try cluster.makeToken(service, port))
            let worker = try await LocalWorker.start(
                name: "pi1", folder: folder.path, security: .mutual(try LinkSecurity(credentials, clock: clock)))
            let transport = LocalWorker.makeTransport(security: .mutual(service.security))
            do {
                try await body(service, worker, transport)
            } catch {
                await worker.kill()
                throw error
            }
            await worker.kill()
        }
    }

    private var clock: LinkSecurity.Clock { { [clock = cluster.clock] in clock.now } }

    private func addresses(_ service: JoinService) throws -> [String] { try service.store.members().map(\.address) }

    @Test func `A member is used where it proves that it is there`() async throws {
        try await withMovedMember { service, worker, transport in
            #expect(await !service.reachesAllMembers(over: transport))
            await service.found(
                "pi1", at: [Endpoint(host: "127.0.0.1", port: 2), worker.endpoint], over: transport)
            let addresses = try addresses(service)
            #expect(addresses == ["\(worker.endpoint)"])
            #expect(cluster.joined == ["pi1 127.0.0.1:1", "pi1 \(worker.endpoint)"])
            #expect(await service.reachesAllMembers(over: transport))
        }
    }

    @Test func `Another member under its name is not taken for it, nor is a name that no member has`() async throws {
        try await withMovedMember { service, worker, transport in
            let credentials = try TestAuthority(of: service.authority).credentials(.member, name: "pi1")
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let impostor = try await LocalWorker.start(
                name: "pi1", folder: folder.path, security: .mutual(try LinkSecurity(credentials, clock: clock)))
            await service.found("pi1", at: [impostor.endpoint], over: transport)
            await service.found("pi2", at: [worker.endpoint], over: transport)
            let addresses = try addresses(service)
            #expect(addresses == ["127.0.0.1:1"])
            await impostor.kill()
        }
    }

    @Test func `A member that answers where it was stays there`() async throws {
        try await withMovedMember { service, worker, transport in
            await service.found("pi1", at: [worker.endpoint], over: transport)
            let other = Endpoint(host: "localhost", port: worker.endpoint.port)
            await service.found("pi1", at: [other], over: transport)
            let addresses = try addresses(service)
            #expect(addresses == ["\(worker.endpoint)"])
        }
    }
}
