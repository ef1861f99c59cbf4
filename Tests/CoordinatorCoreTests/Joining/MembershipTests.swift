import ClusterStore
import CoordinatorCore
import Foundation
import Identity
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// What a device keeps of a cluster that it joined, whenever it is stopped.
@Suite(.timeLimit(.minutes(10))) struct MembershipTests {
    private let cluster = JoiningCluster()

    @Test func `A device that was stopped before the answer came is a member when it asks again`() async throws {
        try await withFolder { service, port, folder in
            let token = try cluster.makeToken(service, port)
            let unseen = try await cluster.client("pi1").join(
                token, key: try folder.makeJoiningKey(replacing: nil))
            let membership = try await open(folder, token)
            #expect(membership?.security.credentials.identity == unseen.identity)
            #expect(folder.joiningKey() == nil && folder.joining()?.tokenHash == token.secretHash)
        }
    }

    @Test func `A device that was stopped while it took other credentials takes them when it starts again`()
        async throws
    {
        try await withFolder { service, port, folder in
            for isOfThisCluster in [false, true] {
                let authority = isOfThisCluster ? TestAuthority(of: service.authority) : TestAuthority()
                try folder.store(try authority.credentials(.member))
                let token = try cluster.makeToken(service, port)
                if isOfThisCluster { _ = try folder.makeJoiningKey(replacing: folder.credentials()) }
                try? FileManager.default.removeItem(atPath: "\(folder.path)/join.json")
                let membership = try #require(try await open(folder, token, as: "pi\(isOfThisCluster)"))
                #expect(
                    try service.store.member(id: membership.security.credentials.identity.id)?.name
                        == "pi\(isOfThisCluster)")
                #expect(folder.joining()?.tokenHash == token.secretHash)
            }
        }
    }

    @Test func `A device that was stopped right after it took its credentials has joined`() async throws {
        try await withFolder { service, port, folder in
            let token = try cluster.makeToken(service, port)
            let key = try folder.makeJoiningKey(replacing: nil)
            let credentials = try await cluster.client("pi1").join(token, key: key)
            try folder.store(credentials)
            #expect(try await open(folder, token)?.security.credentials.certificate.der == credentials.certificate.der)
            #expect(folder.joining()?.tokenHash == token.secretHash)
            // The next token is another join, with another key.
            try await service.remove("pi1")
            let again = try await open(folder, try cluster.makeToken(service, port))
            #expect(again?.security.credentials.identity != credentials.identity)
            #expect(again?.security.credentials.key.pem != key.pem)
        }
    }

    @Test func `A device whose list of addresses is lost does not join its cluster again`() async throws {
        try await withFolder { service, port, folder in
            let credentials = try await cluster.client("pi1").join(try cluster.makeToken(service, port))
            try folder.store(credentials)
            let unused = try cluster.makeToken(service, port)
            #expect(try await open(folder, unused)?.security.credentials.identity == credentials.identity)
            #expect(folder.joining() == .init(addresses: unused.addresses, tokenHash: nil))
        }
    }

    @Test(arguments: [true, false])
    func `A coordinator that is elsewhere is asked where it links from`(isKnown: Bool) async throws {
        try await withFolder { service, port, folder in
            let token = try cluster.makeToken(service, port)
            let membership = try #require(try await open(folder, token))
            // Nobody answers where it was.
            try folder.store(MemberFolder.Joining(addresses: ["127.0.0.2:\(port)"], tokenHash: token.secretHash))
            await #expect(throws: JoinError.self) { try await membership.renew() }
            let listener = try await transport(membership.security).listen(
                on: Endpoint(host: "127.0.0.1", port: 0),
                welcome: { _ in .success(Welcome(name: "pi1", softwareVersion: "")) },
                handler: { _ in UnheardLinks() })
            let link = try await transport(service.security).connect(
                to: listener.boundEndpoint,
                hello: Hello(role: .coordinator, session: 1, name: "lap", softwareVersion: ""), handler: UnheardLinks())
            while membership.security.coordinatorHosts.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            if isKnown {
                try await membership.renew()
                #expect(
                    folder.joining()
                        == .init(
                            addresses: ["127.0.0.1:\(port)", "127.0.0.2:\(port)"], tokenHash: token.secretHash))
            } else {
                try FileManager.default.removeItem(atPath: "\(folder.path)/join.json")
                let error = await #expect(throws: JoinError.self) { try await membership.renew() }
                #expect(error?.message.contains("127.0.0.1:\(Endpoint.joinPort)") == true, "\(error?.message ?? "")")
            }
            link.close()
            await listener.close()
        }
    }

    @Test func `A device that was removed asks once and no more`() async throws {
        try await withFolder { service, port, folder in
            _ = try await open(folder, try cluster.makeToken(service, port))
            let membership = try #require(try await open(folder, nil))
            try await service.remove("pi1")
            // Comes to an end, well before it would be time to ask again.
            #expect(await membership.run() == .removed)
            // And is remembered, until the device joins anew.
            #expect(try folder.revoked().contains(membership.security.credentials.identity))
            await #expect(throws: RemovedFromCluster.self) { try await open(folder, nil) }
            let again = try await open(folder, try cluster.makeToken(service, port))
            #expect(again?.entry == .joined && again?.security.isShutOut == false)
        }
    }

    @Test func `A device that is linked is told of its removal over the link`() async throws {
        try await withFolder { service, port, folder in
            let membership = try #require(try await open(folder, try cluster.makeToken(service, port)))
            let listener = try await transport(membership.security).listen(
                on: Endpoint(host: "127.0.0.1", port: 0),
                welcome: { _ in .success(Welcome(name: "pi1", softwareVersion: "")) },
                handler: { _ in UnheardLinks() })
            let link = try await transport(service.security).connect(
                to: listener.boundEndpoint,
                hello: Hello(role: .coordinator, session: 1, name: "lap", softwareVersion: ""), handler: UnheardLinks())
            while membership.security.coordinatorHosts.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            try await service.remove("pi1")
            #expect(await membership.run() == .removed)
            link.close()
            await listener.close()
        }
    }

    @Test func `A member does not use up a token of its own cluster, and is told of a name that it was given`()
        async throws
    {
        try await withFolder { service, port, folder in
            let first = try cluster.makeToken(service, port)
            #expect(try await open(folder, first)?.entry == .joined)
            let identity = try folder.credentials()?.identity
            try await service.rename("pi1", to: "attic")
            let second = try cluster.makeToken(service, port)
            let membership = try #require(try await open(folder, second, as: "other"))
            #expect(membership.entry == .wasMember)
            #expect(membership.security.credentials.identity == identity)
            #expect(membership.security.credentials.certificate.name == "attic")
            #expect(try service.store.members().map(\.name) == ["attic"])
            #expect(try service.store.use(ofToken: second.secretHash, now: cluster.clock.now) == .success(nil))
            // The first one is still the one that it joined with.
            #expect(folder.joining()?.tokenHash == first.secretHash)
        }
    }

    @Test func `A device learns its new name while it runs`() async throws {
        try await withFolder { service, port, folder in
            _ = try await open(folder, try cluster.makeToken(service, port))
            let membership = try #require(try await open(folder, nil))
            #expect(membership.entry == .kept)
            try await service.rename("pi1", to: "attic")
            let (names, continuation) = AsyncStream.makeStream(of: String.self)
            let running = Task { await membership.run(renamed: { continuation.yield($0) }) }
            #expect(await names.first { _ in true } == "attic")
            running.cancel()
            #expect(await running.value == .cancelled)
            #expect(try folder.credentials()?.certificate.name == "attic")
        }
    }

    private func open(_ folder: MemberFolder, _ token: JoinToken?, as name: String = "pi1") async throws -> Membership?
    {
        try await Membership.open(folder, token: token, client: cluster.client(name), logger: LocalWorker.logger)
    }

    private func transport(_ security: LinkSecurity) -> TCPTransport {
        LocalWorker.makeTransport(security: .mutual(security))
    }

    private func withFolder(_ body: (JoinService, Int, MemberFolder) async throws -> Void) async throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        try await cluster.withService { try await body($0, $1, MemberFolder(dataFolder: temporary.path)) }
    }
}
