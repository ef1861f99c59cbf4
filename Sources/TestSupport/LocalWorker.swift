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
    private let filters: Filters
    /// What it may use.
    private let memoryBytes: Int

    /// What is wrong with a worker, while its links live and answer.
    package struct Filters: Sendable {
        /// What it gets of what comes.
        package var received: FrameFilter?
        /// What goes of what it sends.
        package var sent: FrameFilter?

        package init(received: FrameFilter? = nil, sent: FrameFilter? = nil) {
            self.received = received
            self.sent = sent
        }
    }

    /// What comes of a frame on its way over a link: the frame, nothing, or others.
    package typealias FrameFilter = @Sendable (Frame, any Link) -> [Frame]

    private init(
        name: String, folder: String, endpoint: Endpoint, security: TransportSecurity, filters: Filters,
        memoryBytes: Int
    ) {
        self.memoryBytes = memoryBytes
        self.name = name
        self.folder = folder
        self.endpoint = endpoint
        self.security = security
        self.filters = filters
    }

    /// Starts a worker on a port that the system chooses.
    ///
    package static func start(
        name: String, folder: String, security: TransportSecurity = .plain, filters: Filters = Filters(),
        memoryBytes: Int = LocalWorker.memoryBytes
    ) async throws -> LocalWorker {
        let listener = try await listen(
            name: name, folder: folder, on: Endpoint(host: "127.0.0.1", port: 0), security: security, filters: filters,
            memoryBytes: memoryBytes)
        let worker = LocalWorker(
            name: name, folder: folder, endpoint: listener.boundEndpoint, security: security, filters: filters,
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
                    name: name, folder: folder, on: endpoint, security: security, filters: filters,
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
        name: String, folder: String, on endpoint: Endpoint, security: TransportSecurity, filters: Filters,
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
                guard filters.received != nil || filters.sent != nil else { return handler }
                return FilteredHandler(handler, filters: filters)
            })
    }
}

/// A worker's end of a link, behind filters.
private final class FilteredHandler: LinkHandler {
    private let handler: any LinkHandler
    private let filters: LocalWorker.Filters
    /// What the worker takes for its link.
    private let filtered = Mutex<FilteredLink?>(nil)

    init(_ handler: any LinkHandler, filters: LocalWorker.Filters) {
        self.handler = handler
        self.filters = filters
    }

    func opened(_ link: any Link) { handler.opened(filtered(link)) }

    func received(_ frame: Frame, on link: any Link) {
        for frame in filters.received?(frame, link) ?? [frame] { handler.received(frame, on: filtered(link)) }
    }

    func closed(_ link: any Link, error: TransportError?) { handler.closed(filtered(link), error: error) }

    /// The same for each of its link's events.
    private func filtered(_ link: any Link) -> any Link {
        guard let sent = filters.sent else { return link }
        return filtered.withLock { filtered in
            if filtered == nil { filtered = FilteredLink(link, filter: sent) }
            return filtered!
        }
    }
}

/// A link whose frames pass a filter before they are sent.
private final class FilteredLink: Link {
    private let link: any Link
    private let filter: LocalWorker.FrameFilter

    init(_ link: any Link, filter: @escaping LocalWorker.FrameFilter) {
        self.link = link
        self.filter = filter
    }

    var peer: PeerIdentity { link.peer }
    var pendingBytes: Int { link.pendingBytes }

    func send(_ frame: Frame, whenWritten: (@Sendable (Bool) -> Void)?) {
        let frames = filter(frame, link)
        for (index, frame) in frames.enumerated() {
            link.send(frame, whenWritten: index == frames.count - 1 ? whenWritten : nil)
        }
        if frames.isEmpty { whenWritten?(true) }
    }

    func timeArrival(_ tell: @escaping @Sendable (Duration) -> Void) { link.timeArrival(tell) }
    func setReading(_ isReading: Bool) { link.setReading(isReading) }
    func close() { link.close() }
}
