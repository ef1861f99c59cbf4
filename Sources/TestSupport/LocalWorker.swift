package import Logging
import NIOPosix
import Synchronization
package import Transport
package import Wire
import WorkerCore

/// A worker's daemon on TCP loopback within the test process, with a store of its own, that can die and come back.
package final class LocalWorker: Sendable {
    /// What each worker may use: 1 GiB, whatever the machine has, so that placements are the same everywhere.
    package static let memoryBytes = 1 << 30

    package let name: String
    /// The folder of its store.
    package let folder: String
    /// Where it listens, also after a restart.
    package let endpoint: Endpoint
    private let security: TransportSecurity
    private let running = Mutex<Listener?>(nil)
    private let filter: FrameFilter?
    /// What it may use.
    private let memoryBytes: Int

    /// What a worker gets of a frame that came over a link: the frame, nothing, or others.
    package typealias FrameFilter = @Sendable (Frame, any Link) -> [Frame]

    private init(
        name: String, folder: String, endpoint: Endpoint, security: TransportSecurity, filter: FrameFilter?,
        memoryBytes: Int
    ) {
        self.memoryBytes = memoryBytes
        self.name = name
        self.folder = folder
        self.endpoint = endpoint
        self.security = security
        self.filter = filter
    }

    /// Starts a worker on a port that the system chooses.
    ///
    /// - Parameter filter: what is wrong with it, while its links live and answer.
    package static func start(
        name: String, folder: String, security: TransportSecurity = .plain, filter: FrameFilter? = nil,
        memoryBytes: Int = LocalWorker.memoryBytes
    ) async throws -> LocalWorker {
        let listener = try await listen(
            name: name, folder: folder, on: Endpoint(host: "127.0.0.1", port: 0), security: security, filter: filter,
            memoryBytes: memoryBytes)
        let worker = LocalWorker(
            name: name, folder: folder, endpoint: listener.boundEndpoint, security: security, filter: filter,
            memoryBytes: memoryBytes)
        worker.running.withLock { $0 = listener }
        return worker
    }

    /// Ends the listener and all links, as when the process dies. Does nothing to a worker that is dead.
    package func kill() async {
        let listener = running.withLock { running in
            defer { running = nil }
            return running
        }
        await listener?.close()
    }

    /// Starts a worker that was killed, on the same port with the same folder.
    package func restart() async throws {
        // The old one's links and threads let go of the store a moment after they have ended.
        for _ in 0..<12_000 {
            do {
                let listener = try await Self.listen(
                    name: name, folder: folder, on: endpoint, security: security, filter: filter,
                    memoryBytes: memoryBytes)
                running.withLock { $0 = listener }
                return
            } catch let error as WorkerError where error.code == .busy {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        throw WorkerError(.busy, "the store of \(name) is still held by the worker that was killed")
    }

    /// A transport for tests; all share the process's event loops.
    package static func makeTransport(security: TransportSecurity = .plain) -> TCPTransport {
        TCPTransport(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            options: Worker.linkOptions(memoryBytes: memoryBytes).patient, security: security, logger: logger)
    }

    /// A logger that says nothing.
    package static let logger = Logger(label: "shoal.test") { _ in SwiftLogNoOpLogHandler() }

    private static func listen(
        name: String, folder: String, on endpoint: Endpoint, security: TransportSecurity, filter: FrameFilter?,
        memoryBytes: Int
    ) async throws -> Listener {
        let transport = makeTransport(security: security)
        let worker = Worker(
            configuration: WorkerConfiguration(
                name: name, memoryBytes: memoryBytes, threads: 1, profileFolder: folder),
            shards: try ShardStore(dataFolder: folder), transport: transport, logger: logger)
        return try await transport.listen(
            on: endpoint, welcome: { worker.welcome($0, from: $1) },
            handler: { peer in
                let handler = worker.handler(for: peer)
                return filter.map { FilteredLink(handler, filter: $0) } ?? handler
            })
    }
}

/// A worker's end of a link, behind a filter.
private final class FilteredLink: LinkHandler {
    private let handler: any LinkHandler
    private let filter: LocalWorker.FrameFilter

    init(_ handler: any LinkHandler, filter: @escaping LocalWorker.FrameFilter) {
        self.handler = handler
        self.filter = filter
    }

    func opened(_ link: any Link) { handler.opened(link) }

    func received(_ frame: Frame, on link: any Link) {
        for frame in filter(frame, link) { handler.received(frame, on: link) }
    }

    func closed(_ link: any Link, error: TransportError?) { handler.closed(link, error: error) }
}
