package import Logging
import ModelGraph
import Synchronization
import Tensors
package import Transport
package import Wire

/// What a worker is and may use.
package struct WorkerConfiguration: Sendable {
    /// The device's name, as the coordinator shows it.
    package var name: String
    /// Bytes for stages; `nil` is what the machine has to give when asked.
    package var memoryBytes: Int?
    /// Threads that compute.
    package var threads: Int
    /// Whether each of them stays on a core of its own.
    package var isPinned: Bool
    /// Where the device's profile is kept, on the disk that it measures; `nil` is nowhere.
    package var profileFolder: String?

    package init(
        name: String, memoryBytes: Int? = nil, threads: Int, isPinned: Bool = false, profileFolder: String? = nil
    ) {
        self.name = name
        self.memoryBytes = memoryBytes
        self.threads = threads
        self.isPinned = isPinned
        self.profileFolder = profileFolder
    }
}

/// A device's daemon: keeps shards, holds stages, computes steps and sends them on. Knows no tokens' meaning.
///
/// Links are given to it by a listener or by the process it is part of; `WorkerLink` reads them. Safe from any thread.
package final class Worker: Sendable {
    package let configuration: WorkerConfiguration
    let shards: any ShardProvider
    let transport: TCPTransport
    let logger: Logger
    let compute = ComputeThread()
    let pool: ThreadPool
    let stages = StageTable()
    let profiler: DeviceProfiler
    private let sessions = Mutex<[UInt64: WorkerSession]>([:])

    package init(
        configuration: WorkerConfiguration, shards: any ShardProvider, transport: TCPTransport, logger: Logger
    ) {
        self.configuration = configuration
        self.shards = shards
        self.transport = transport
        self.logger = logger
        pool = ThreadPool(threads: configuration.threads, pinned: configuration.isPinned)
        profiler = DeviceProfiler(configuration: configuration, compute: compute, pool: pool)
        compute.run { [pool] in pool.pinCaller() }
    }

    /// The answer to a dialing side's hello.
    package func welcome(_ hello: Hello) -> Result<Welcome, Refusal> {
        if hello.role == .upstream && session(hello.session) == nil {
            return .failure(
                Refusal(
                    code: .unknownSession,
                    message: "no coordinator of session \(hello.session) is connected to \(configuration.name)"))
        }
        return .success(
            Welcome(
                version: ProtocolVersion.highest, name: configuration.name, softwareVersion: SoftwareVersion.current))
    }

    /// The handler for a link whose hello was welcomed.
    package func handler(for peer: PeerIdentity) -> any LinkHandler { WorkerLink(worker: self, peer: peer) }

    /// Links a coordinator in the same process: gives it its end, and takes `handler` for what comes there.
    package func connectInProcess(_ hello: Hello, handler: any LinkHandler) -> any Link {
        let welcome = Welcome(
            version: ProtocolVersion.highest, name: configuration.name, softwareVersion: SoftwareVersion.current)
        let accepting = WorkerLink(
            worker: self,
            peer: PeerIdentity(
                name: hello.name, role: hello.role, session: hello.session, address: "in process",
                version: welcome.version, softwareVersion: hello.softwareVersion))
        return InProcessLink.pair(hello: hello, welcome: welcome, dialing: handler, accepting: accepting).dialing
    }

    /// What this device is and holds now.
    package func report() -> DeviceReport {
        DeviceReport(
            name: configuration.name, softwareVersion: SoftwareVersion.current,
            cores: UInt32(clamping: ProcessorCount.usable),
            threads: UInt32(clamping: configuration.threads), instructionSet: Kernels.instructionSet.description,
            architecture: .current,
            memoryBudgetBytes: UInt64(clamping: memoryBudget), residentBytes: UInt64(clamping: DeviceMemory.resident()),
            storeBytes: UInt64(clamping: shards.storeBytes), stages: stages.reports, profile: profiler.profile,
            storeLimitBytes: UInt64(clamping: shards.limitBytes))
    }

    /// Bytes that stages may take in all.
    var memoryBudget: Int { configuration.memoryBytes ?? DeviceMemory.budget() + stages.unmappedBytes }

    func session(_ id: UInt64) -> WorkerSession? { sessions.withLock { $0[id] } }

    /// A coordinator's link began: its session is known from now on. One of the same number over an older link is over.
    func beginSession(_ id: UInt64, link: any Link) {
        if let old = session(id) { endSession(id, link: old.coordinator) }
        sessions.withLock { $0[id] = WorkerSession(id: id, coordinator: link) }
    }

    /// A coordinator's link ended: its stages go, and the links made for them.
    func endSession(_ id: UInt64, link: any Link) {
        let session = sessions.withLock { sessions -> WorkerSession? in
            guard let session = sessions[id], session.coordinator === link else { return nil }
            sessions[id] = nil
            return session
        }
        guard let session else { return }
        session.closeDownstream()
        compute.run { [stages] in stages.remove { $0.session == id } }
        logger.info("coordinator left", metadata: ["session": "\(id)"])
    }
}
