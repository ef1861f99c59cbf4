import ClusterStore
import CoordinatorCore
import Dispatch
import Identity
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Joining over real TLS links on loopback.
@Suite(.timeLimit(.minutes(10))) struct JoinServiceTests {
    private let cluster = JoiningCluster()

    @Test func `A device joins with a token, and is a member with the name and address that it told`() async throws {
        try await cluster.withService { service, port in
            let token = try cluster.makeToken(service, port)
            let credentials = try await cluster.client("pi1", port: 7_001).join(token)
            #expect(credentials.identity.kind == .member && credentials.certificate.name == "pi1")
            #expect(credentials.authority.fingerprint == token.fingerprint)
            let members = try service.store.members()
            #expect(members.map(\.id) == [credentials.identity.id] && members.map(\.name) == ["pi1"])
            #expect(members.map(\.address) == ["127.0.0.1:7001"])
            #expect(cluster.joined == ["pi1 127.0.0.1:7001"])
            // Nobody else is taken for it when it is linked.
            #expect(try service.devices().map(\.memberID) == [credentials.identity.id])
        }
    }

    @Test func `Of many devices with the same token one joins`() async throws {
        try await cluster.withService { service, port in
            let token = try cluster.makeToken(service, port)
            let refusals = await withTaskGroup(of: String?.self) { group in
                for number in 1...8 {
                    group.addTask {
                        do {
                            _ = try await cluster.client("pi\(number)", port: 7_001).join(token)
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
        try await cluster.withService { service, port in
            let unknown = JoinToken(
                fingerprint: service.authority.certificate.fingerprint, expiresAt: cluster.clock.now + 100,
                addresses: ["127.0.0.1:\(port)"])
            await cluster.expectRefusal("not one of this cluster") {
                _ = try await cluster.client("pi1", port: 1).join(unknown)
            }
            let token = try cluster.makeToken(service, port)
            cluster.clock.advance(86_401)
            await cluster.expectRefusal("has expired") { _ = try await cluster.client("pi1", port: 1).join(token) }
            #expect(try service.store.members().isEmpty)
        }
    }

    @Test func `Another cluster's coordinator is not asked`() async throws {
        try await cluster.withService { service, port in
            let token = JoinToken(
                fingerprint: TestAuthority().authority.certificate.fingerprint, expiresAt: cluster.clock.now + 100,
                addresses: ["127.0.0.1:\(port)"])
            try service.store.addJoinToken(
                secretHash: token.secretHash, now: cluster.clock.now, expiresAt: token.expiresAt)
            let error = await #expect(throws: JoinError.self) {
                _ = try await cluster.client("pi1", port: 1).join(token)
            }
            #expect(error?.message.contains("no secure link") == true)
            // The secret did not leave the device, so it is not used up.
            #expect(
                try service.store.join(
                    Member(id: "x", name: "x", address: "x:1", joinedAt: 0), secretHash: token.secretHash,
                    keyHash: [1], now: cluster.clock.now) == nil)
        }
    }

    @Test func `A member renews with its certificate, and is found where it is now`() async throws {
        try await cluster.withService { service, port in
            let first = try await cluster.client("pi1", port: 7_001).join(try cluster.makeToken(service, port))
            let security = try LinkSecurity(first)
            let answer = try await cluster.client("other", port: 7_002).renew(
                security, at: ["127.0.0.1:1", "127.0.0.1:\(port)"])
            let renewed = answer.credentials
            #expect(answer.address == "127.0.0.1:\(port)")
            #expect(renewed.identity == first.identity && renewed.certificate.name == "pi1")
            #expect(renewed.key.pem == first.key.pem && renewed.certificate.der != first.certificate.der)
            #expect(try service.store.members().map(\.address) == ["127.0.0.1:7002"])
            #expect(cluster.joined == ["pi1 127.0.0.1:7001", "pi1 127.0.0.1:7002"])
        }
    }

    @Test func `Without a token and a member's certificate nothing is issued`() async throws {
        try await cluster.withService { service, port in
            // Of this authority, and not a member of the store.
            let stranger = try TestAuthority(of: service.authority).security(.member)
            await cluster.expectRefusal("only a member") {
                _ = try await cluster.client("pi1", port: 1).renew(stranger, at: ["127.0.0.1:\(port)"])
            }
        }
    }

    @Test func `A removed member is shut out, whoever removed it`() async throws {
        try await cluster.withService { service, port in
            let one = try LinkSecurity(
                try await cluster.client("pi1", port: 1).join(try cluster.makeToken(service, port)))
            let two = try LinkSecurity(
                try await cluster.client("pi2", port: 2).join(try cluster.makeToken(service, port)))
            try await service.remove("pi1")
            #expect(service.security.revoked.version == 1)
            // It is told, so that it asks no more.
            await cluster.expectRefusal("not removed") {
                _ = try await cluster.client("pi1", port: 1).renew(one, at: ["127.0.0.1:\(port)"])
            }
            await #expect(throws: CoordinatorError.self) { try await service.remove("pi1") }
            // By another process, in the store alone.
            _ = try service.store.removeMember(named: "pi2", now: cluster.clock.now)
            let watching = Task { await service.watchStore() }
            while cluster.removed.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
            watching.cancel()
            await cluster.expectRefusal("not removed") {
                _ = try await cluster.client("pi2", port: 2).renew(two, at: ["127.0.0.1:\(port)"])
            }
            #expect(cluster.removed == ["pi1", "pi2"])
            #expect(try service.devices().isEmpty)
        }
    }

    @Test func `One whose answer was lost is answered again with its key, as the same device`() async throws {
        try await cluster.withService { service, port in
            let token = try cluster.makeToken(service, port)
            let key = DeviceKey()
            let first = try await cluster.client("pi1", port: 7_001).join(token, key: key)
            let again = try await cluster.client("other", port: 7_002).join(token, key: key)
            #expect(again.identity == first.identity && again.certificate.name == "pi1")
            #expect(try service.store.members().map { "\($0.name) \($0.address)" } == ["pi1 127.0.0.1:7002"])
            await cluster.expectRefusal("used before") { _ = try await cluster.client("pi2").join(token) }
            // Not once the token's time is over, nor when the device was removed.
            cluster.clock.advance(86_401)
            await cluster.expectRefusal("used before") { _ = try await cluster.client("pi1").join(token, key: key) }
            cluster.clock.advance(-86_401)
            try await service.remove("pi1")
            await cluster.expectRefusal("used before") { _ = try await cluster.client("pi1").join(token, key: key) }
        }
    }

    @Test func `A link that was closed meanwhile uses no token up`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let goesOn = DispatchSemaphore(value: 0)
        let service = try cluster.makeService(folder.path, onJoined: { goesOn.wait() })
        // The first one's answer keeps the service busy, while the second link comes and goes.
        let tokens = [try cluster.makeToken(service, 1), try cluster.makeToken(service, 1)]
        let links = [SilentLink(), SilentLink()]
        for (index, link) in links.enumerated() {
            let request = JoinRequest(
                secret: tokens[index].secret, name: "pi\(index)",
                signingRequest: try DeviceKey().signingRequest(name: "pi"), port: 1)
            let handler = service.handler(for: link.peer)
            handler.received(.control(ControlMessage(request: 1, body: .joinRequest(request))), on: link)
            if index == 1 { handler.closed(link, error: nil) }
            while cluster.events.all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
        for _ in links { goesOn.signal() }
        _ = try? await service.remove("nobody")
        #expect(links.map(\.sent) == [1, 0])
        #expect(try service.store.members().map(\.name) == ["pi0"])
        #expect(try service.store.use(ofToken: tokens[1].secretHash, now: cluster.clock.now) == .success(nil))
    }

    @Test func `A certificate is renewed for the key that the device joined with, and for no other`() async throws {
        try await cluster.withService { service, port in
            let first = try await cluster.client("pi1").join(try cluster.makeToken(service, port))
            let security = try LinkSecurity(first)
            let transport = TCPTransport(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, security: .mutual(security))
            func ask(_ key: DeviceKey) async throws -> ControlBody? {
                let answer = OneAnswer()
                let link = try await transport.connect(
                    to: Endpoint(host: "127.0.0.1", port: port),
                    hello: Hello(role: .join, session: 0, name: "pi1", softwareVersion: ""), handler: answer)
                defer { link.close() }
                link.send(
                    .joinRequest(
                        JoinRequest(
                            secret: [], name: "pi1", signingRequest: try key.signingRequest(name: "pi1"), port: 1)),
                    request: 1)
                return await answer.body()
            }
            guard case .failure(let failure) = try await ask(DeviceKey()) else {
                Issue.record("renewed for another key")
                return
            }
            #expect(failure.code == .badRequest && failure.message.contains("key"))
            guard case .joinReply = try await ask(first.key) else {
                Issue.record("not renewed for its own key")
                return
            }
        }
    }

    @Test(arguments: [
        "coordinator", "C00RDINATOR", "pi1\nerror", "pi\u{1b}[2J", "pi\u{85}", "-pi", "10.0.0.7", "pi1:7077",
        "\u{440}i1", "Pil",
    ])
    func `A name that means another or forges lines is refused, and costs no token`(name: String) async throws {
        try await cluster.withService { service, port in
            _ = try await cluster.client("pi1").join(try cluster.makeToken(service, port))
            let token = try cluster.makeToken(service, port)
            await cluster.expectRefusal("with --name") { _ = try await cluster.client(name).join(token) }
            _ = try await cluster.client("pi2").join(token)
            #expect(try service.store.members().map(\.name) == ["pi1", "pi2"])
        }
    }

    @Test func `A removal that another process made is obeyed before a device of the same name is taken in`()
        async throws
    {
        try await cluster.withService { service, port in
            _ = try await cluster.client("pi1", port: 1).join(try cluster.makeToken(service, port))
            _ = try service.store.removeMember(named: "pi1", now: cluster.clock.now)
            _ = try await cluster.client("pi1", port: 2).join(try cluster.makeToken(service, port))
            #expect(cluster.events.all == ["pi1 127.0.0.1:1", "-pi1", "pi1 127.0.0.1:2"])
        }
    }

    @Test func `Removals are obeyed that the clock and the count of earlier ones speak against`() async throws {
        try await cluster.withService { service, port in
            _ = try await cluster.client("pi1").join(try cluster.makeToken(service, port))
            _ = try await cluster.client("pi2").join(try cluster.makeToken(service, port))
            // The state was put back to one that knows of fewer removals than were obeyed.
            service.security.revoke(RevocationList(version: 7, devices: [ClusterIdentity(new: .member).id]))
            cluster.clock.advance(-365 * 86_400)
            try await service.remove("pi1")
            cluster.clock.advance(730 * 86_400)
            try await service.remove("pi2")
            #expect(cluster.removed == ["pi1", "pi2"])
            #expect(service.security.revoked.devices.count == 3 && service.security.revoked.version == 7)
        }
    }
}

/// The first message that comes over a link.
private final class OneAnswer: LinkHandler {
    private let bodies: AsyncStream<ControlBody>
    private let continuation: AsyncStream<ControlBody>.Continuation

    init() { (bodies, continuation) = AsyncStream.makeStream() }

    func body() async -> ControlBody? { await bodies.first { _ in true } }

    func received(_ frame: Frame, on link: any Link) {
        if case .control(let message) = frame { continuation.yield(message.body) }
    }

    func closed(_ link: any Link, error: TransportError?) { continuation.finish() }
}

/// A link to nobody, which counts what is sent.
private final class SilentLink: Link {
    func timeArrival(_ tell: @escaping @Sendable (Duration) -> Void) {}
    let peer = PeerIdentity(
        name: "pi", role: .join, session: 0, address: "127.0.0.1:1", version: 1, softwareVersion: "")
    let pendingBytes = 0
    private let count = Atomic<Int>(0)

    var sent: Int { count.load(ordering: .relaxed) }

    func send(_ frame: Frame, whenWritten: (@Sendable (Bool) -> Void)?) { count.add(1, ordering: .relaxed) }
    func setReading(_ isReading: Bool) {}
    func close() {}
}
