import ClusterStore
import CoordinatorCore
import Dispatch
import Identity
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Transport
import WorkerCore

/// A coordinator that devices can join over real TLS links on loopback, and what they join with.
struct JoiningCluster: Sendable {
    let clock = TestClock(TestAuthority.now)
    /// The devices that the coordinator was told of, with their addresses, and the names of those that were removed, as they came.
    let events = Recorded()

    var joined: [String] { events.all.filter { !$0.hasPrefix("-") } }
    var removed: [String] { events.all.filter { $0.hasPrefix("-") }.map { String($0.dropFirst()) } }

    func makeToken(_ service: JoinService, _ port: Int, at host: String = "127.0.0.1") throws -> JoinToken {
        let token = JoinToken(
            fingerprint: service.authority.certificate.fingerprint, expiresAt: clock.now + 86_400,
            addresses: ["\(host):\(port)"])
        try service.store.addJoinToken(secretHash: token.secretHash, now: clock.now, expiresAt: token.expiresAt)
        return token
    }

    func client(_ name: String, port: Int = 1) -> JoinClient {
        JoinClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, device: .init(name: name, port: port, host: nil),
            options: .patient, logger: LocalWorker.logger)
    }

    func expectRefusal(_ text: String, _ body: () async throws -> Void) async {
        let error = await #expect(throws: JoinError.self) { try await body() }
        #expect(error?.isRefusal == true && error?.message.contains(text) == true, "\(error?.message ?? "")")
    }

    /// - Parameter onJoined: called on the queue on which the service answers.
    func makeService(
        _ folder: String, authority: TestAuthority = TestAuthority(), pairingSeconds: Int = 600,
        onJoined: @escaping @Sendable () -> Void = {}
    ) throws -> JoinService {
        let (events, clock) = (events, clock)
        return JoinService(
            authority: authority.authority, store: try ClusterStore(folder: folder),
            security: try authority.security(.coordinator, name: "lap"),
            actions: .init(
                joined: { device in
                    events.add("\(device.name) \(device.address)")
                    onJoined()
                },
                removed: { name in events.add("-\(name)") }),
            clock: { clock.now }, patience: .seconds(120), pairingSeconds: pairingSeconds,
            approvalPatience: .seconds(120), logger: LocalWorker.logger)
    }

    func withService(
        pairingSeconds: Int = 600, _ body: (JoinService, Int) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let service = try makeService(folder.path, pairingSeconds: pairingSeconds)
        let transport = TCPTransport(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: JoinService.linkOptions.patient,
            security: .mutual(service.security), logger: LocalWorker.logger)
        let listener = try await transport.listen(
            on: Endpoint(host: "127.0.0.1", port: 0), certificates: .optional,
            bounds: JoinService.connectionBounds, welcome: { service.welcome($0) },
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
final class Recorded: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) { texts.withLock { $0.append(text) } }
}

/// A clock that stands still until it is moved.
final class TestClock: Sendable {
    private let time: Atomic<Int64>

    init(_ now: Int64) { time = Atomic(now) }

    var now: Int64 { time.load(ordering: .relaxed) }

    func advance(_ seconds: Int64) { time.add(seconds, ordering: .relaxed) }
}
