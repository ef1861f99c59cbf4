import ClusterStore
import CoordinatorCore
import Identity
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Joining over real TLS links on loopback.
@Suite(.timeLimit(.minutes(1))) struct JoinServiceTests {
    private let clock = TestClock(TestAuthority.now)

    @Test func `A device joins with a token, and is a member with the name and address that it told`() async throws {
        try await withService { service, port in
            let token = try makeToken(service, port)
            let credentials = try await client("pi1", port: 7_001).join(token)
            #expect(credentials.identity.kind == .member && credentials.certificate.name == "pi1")
            #expect(credentials.authority.fingerprint == token.fingerprint)
            let members = try service.store.members()
            #expect(members.map(\.id) == [credentials.identity.id] && members.map(\.name) == ["pi1"])
            #expect(members.map(\.address) == ["127.0.0.1:7001"])
            #expect(joined.all == ["pi1 127.0.0.1:7001"])
            // Nobody else is taken for it when it is linked.
            #expect(try service.devices().map(\.memberID) == [credentials.identity.id])
        }
    }

    @Test func `Of many devices with the same token one joins`() async throws {
        try await withService { service, port in
            let token = try makeToken(service, port)
            let refusals = await withTaskGroup(of: String?.self) { group in
                for number in 1...8 {
                    group.addTask {
                        do {
                            _ = try await client("pi\(number)", port: 7_001).join(token)
                            return nil
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(refusals.count { $0 == nil } == 1)
            #expect(refusals.compactMap { $0 }.allSatisfy { $0.contains("used before") })
            #expect(try service.store.members().count == 1)
        }
    }

    @Test func `Wrong and expired tokens are refused with the reason`() async throws {
        try await withService { service, port in
            let unknown = JoinToken(
                fingerprint: service.authority.certificate.fingerprint, expiresAt: clock.now + 100,
                addresses: ["127.0.0.1:\(port)"])
            await expectRefusal("not one of this cluster") { _ = try await client("pi1", port: 1).join(unknown) }
            let token = try makeToken(service, port)
            clock.advance(86_401)
            await expectRefusal("has expired") { _ = try await client("pi1", port: 1).join(token) }
            #expect(try service.store.members().isEmpty)
        }
    }

    @Test func `Another cluster's coordinator is not asked`() async throws {
        try await withService { service, port in
            let token = JoinToken(
                fingerprint: TestAuthority().authority.certificate.fingerprint, expiresAt: clock.now + 100,
                addresses: ["127.0.0.1:\(port)"])
            try service.store.addJoinToken(secretHash: token.secretHash, now: clock.now, expiresAt: token.expiresAt)
            let error = await #expect(throws: JoinError.self) { _ = try await client("pi1", port: 1).join(token) }
            #expect(error?.message.contains("no secure link") == true)
            // The secret did not leave the device, so it is not used up.
            #expect(
                try service.store.join(
                    Member(id: "x", name: "x", address: "x:1", joinedAt: 0), secretHash: token.secretHash,
                    now: clock.now) == nil)
        }
    }

    @Test func `A member renews with its certificate, and is found where it is now`() async throws {
        try await withService { service, port in
            let first = try await client("pi1", port: 7_001).join(try makeToken(service, port))
            let security = try LinkSecurity(first)
            let renewed = try await client("other", port: 7_002).renew(security, at: ["127.0.0.1:\(port)"])
            #expect(renewed.identity == first.identity && renewed.certificate.name == "pi1")
            #expect(renewed.key.pem == first.key.pem && renewed.certificate.der != first.certificate.der)
            #expect(try service.store.members().map(\.address) == ["127.0.0.1:7002"])
            #expect(joined.all == ["pi1 127.0.0.1:7001", "pi1 127.0.0.1:7002"])
        }
    }

    @Test func `Without a token and a member's certificate nothing is issued`() async throws {
        try await withService { service, port in
            // Of this authority, and not a member of the store.
            let stranger = try TestAuthority(of: service.authority).security(.member)
            await expectRefusal("only a member") {
                _ = try await client("pi1", port: 1).renew(stranger, at: ["127.0.0.1:\(port)"])
            }
        }
    }

    @Test func `A removed member is shut out, whoever removed it`() async throws {
        try await withService { service, port in
            let one = try LinkSecurity(try await client("pi1", port: 1).join(try makeToken(service, port)))
            let two = try LinkSecurity(try await client("pi2", port: 2).join(try makeToken(service, port)))
            try await service.remove("pi1")
            #expect(service.security.revoked.version == 1)
            await #expect(throws: JoinError.self) {
                _ = try await client("pi1", port: 1).renew(one, at: ["127.0.0.1:\(port)"])
            }
            await #expect(throws: CoordinatorError.self) { try await service.remove("pi1") }
            // By another process, in the store alone.
            _ = try service.store.removeMember(named: "pi2", now: clock.now)
            let watching = Task { await service.watchStore() }
            while removed.all.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
            watching.cancel()
            await #expect(throws: JoinError.self) {
                _ = try await client("pi2", port: 2).renew(two, at: ["127.0.0.1:\(port)"])
            }
            #expect(removed.all == ["pi1", "pi2"])
            #expect(try service.devices().isEmpty)
        }
    }

    private let joined = Recorded()
    private let removed = Recorded()

    private func makeToken(_ service: JoinService, _ port: Int) throws -> JoinToken {
        let token = JoinToken(
            fingerprint: service.authority.certificate.fingerprint, expiresAt: clock.now + 86_400,
            addresses: ["127.0.0.1:\(port)"])
        try service.store.addJoinToken(secretHash: token.secretHash, now: clock.now, expiresAt: token.expiresAt)
        return token
    }

    private func client(_ name: String, port: Int) -> JoinClient {
        JoinClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, device: .init(name: name, port: port, host: nil),
            logger: LocalWorker.logger)
    }

    private func expectRefusal(_ text: String, _ body: () async throws -> Void) async {
        let error = await #expect(throws: JoinError.self) { try await body() }
        #expect(error?.isRefusal == true && error?.message.contains(text) == true, "\(error?.message ?? "")")
    }

    private func withService(_ body: (JoinService, Int) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let authority = TestAuthority()
        let security = try authority.security(.coordinator, name: "lap")
        let (joined, removed, clock) = (joined, removed, clock)
        let service = JoinService(
            authority: authority.authority, store: try ClusterStore(folder: folder.path), security: security,
            actions: .init(
                joined: { device in joined.add("\(device.name) \(device.address)") },
                removed: { name in removed.add(name) }),
            clock: { clock.now }, logger: LocalWorker.logger)
        let transport = TCPTransport(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: JoinService.linkOptions,
            security: .mutual(security), logger: LocalWorker.logger)
        let listener = try await transport.listen(
            on: Endpoint(host: "127.0.0.1", port: 0), certificates: .optional,
            maximumConnections: JoinService.maximumConnections, welcome: { service.welcome($0) },
            handler: { service.handler(for: $0) })
        do {
            try await body(service, listener.boundEndpoint.port)
        } catch {
            await listener.close()
            throw error
        }
        await listener.close()
    }
}

/// Texts in the order in which they came.
private final class Recorded: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) { texts.withLock { $0.append(text) } }
}

/// A clock that stands still until it is moved.
private final class TestClock: Sendable {
    private let time: Atomic<Int64>

    init(_ now: Int64) { time = Atomic(now) }

    var now: Int64 { time.load(ordering: .relaxed) }

    func advance(_ seconds: Int64) { time.add(seconds, ordering: .relaxed) }
}
