import Dispatch
package import Identity
package import Logging
import ModelGraph
package import Sensors
import Synchronization
import Tensors
package import Transport
package import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a worker is and may use.
package struct WorkerConfiguration: Sendable {
    /// The device's name, as the coordinator shows it: that in its certificate, else the one that was given.
    package var name: String {
        get { certifiedName() ?? givenName }
        set { givenName = newValue }
    }
    private var givenName: String
    /// Whether the name was given to it, and is not just the host's.
    package var isNamed: Bool
    /// Bytes for stages; `nil` is what the machine has to give when asked.
    package var memoryBytes: Int?
    /// Threads that compute.
    package var threads: Int
    /// Whether each of them stays on a core of its own.
    package var isPinned: Bool
    /// Where the device's profile is kept, on the disk that it measures; `nil` is nowhere.
    package var profileFolder: String?
    /// How long stages are kept whose coordinator is gone without a goodbye.
    package var sessionRetention: Duration
    /// How long nobody must have computed before the device is measured.
    package var quietBeforeMeasuring = Duration.seconds(2)
    /// The machine whose sensors are looked at and of which it is said what is wrong; `nil` looks at none.
    package var machine: Machine?
    /// How hot it may get, and when it is to be quiet.
    package var heat = HeatGovernor.Limits()
    /// The port that it listens on, for what is said to be wrong with it.
    package var port: Int?
    /// When its certificate is good, seconds since 1970; `nil` where it has none.
    package var certificateLife: @Sendable () -> ClosedRange<Int>? = { nil }
    /// The name in its certificate, which may change; `nil` where it has none.
    package var certifiedName: @Sendable () -> String? = { nil }

    package init(
        name: String, isNamed: Bool = false, memoryBytes: Int? = nil, threads: Int, isPinned: Bool = false,
        profileFolder: String? = nil,
        sessionRetention: Duration = RetainedSessions.standardLimit
    ) {
        givenName = name
        self.isNamed = isNamed
        self.memoryBytes = memoryBytes
        self.threads = threads
        self.isPinned = isPinned
        self.profileFolder = profileFolder
        self.sessionRetention = sessionRetention
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
    let results = ResultMemory()
    let steps = StepMemory()
    let profiler: DeviceProfiler
    let sessions: SessionTable
    package let sensing: DeviceSensing?
    /// Where it is looked what is wrong, one look at a time.
    let diagnosing = DispatchQueue(label: "shoal.worker.diagnosing")
    let lastDiagnosis = Mutex<(findings: [DeviceFinding], at: ContinuousClock.Instant)?>(nil)
    private let links = Mutex(LinkCounts())
    /// Tells this process from all others. Not kept: a card that is copied for another device would have it too.
    private let instance = ClusterIdentity(new: .member).id

    package init(
        configuration: WorkerConfiguration, shards: any ShardProvider, transport: TCPTransport, logger: Logger
    ) {
        self.configuration = configuration
        self.shards = shards
        self.transport = transport
        self.logger = logger
        pool = ThreadPool(threads: configuration.threads, pinned: configuration.isPinned)
        sensing = configuration.machine.map { [compute, pool] machine in
            DeviceSensing(machine: machine, limits: configuration.heat, compute: compute, pool: pool, logger: logger)
        }
        profiler = DeviceProfiler(configuration: configuration, compute: compute, pool: pool)
        sessions = SessionTable(retention: configuration.sessionRetention) { [compute, stages, logger] session in
            session.closeDownstream(isOver: true)
            compute.run { stages.remove { $0.session == session.id } }
            logger.info("session ended", metadata: ["session": "\(session.tag)"])
        }
        compute.run { [pool] in pool.pinCaller() }
    }

    /// Looks at the sensors every few seconds from now on, as long as the worker exists.
    package func watchSensors() { sensing?.start() }

    /// The answer to a dialing side's hello.
    ///
    /// - Parameter identity: who it is by its certificate.
    package func welcome(_ hello: Hello, from identity: ClusterIdentity? = nil) -> Result<Welcome, Refusal> {
        guard hello.role != .join else {
            let message = "\(configuration.name) is a worker: devices join at the coordinator"
            return .failure(Refusal(code: .notAllowed, message: message))
        }
        guard links.withLock({ $0.takes(hello.role) }) else {
            return .failure(
                Refusal(
                    code: .busy,
                    message:
                        "\(configuration.name) takes no more than \(LinkCounts.most(hello.role)) links of role \(hello.role)"
                ))
        }
        if let refusal = refusal(hello, from: identity) { return .failure(refusal) }
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

    /// Does something on the compute thread, behind the steps that came so far. It must return quickly.
    package func afterSteps(_ work: @escaping @Sendable () -> Void) { compute.run(work) }

    /// The thread that computes, which may read by itself the links that bring it steps.
    package var reader: any LinkReader { compute }

    /// What this device is and holds now.
    package func report() -> DeviceReport {
        DeviceReport(
            name: configuration.name, softwareVersion: SoftwareVersion.current,
            cores: UInt32(clamping: ProcessorCount.usable),
            threads: UInt32(clamping: configuration.threads), instructionSet: Kernels.instructionSet.description,
            architecture: .current,
            memoryBudgetBytes: UInt64(clamping: memoryBudget), residentBytes: UInt64(clamping: DeviceMemory.resident()),
            storeBytes: UInt64(clamping: shards.storeBytes), stages: stages.reports, profile: profiler.profile,
            storeLimitBytes: UInt64(clamping: shards.limitBytes), instance: instance, isNamed: configuration.isNamed,
            sensors: sensing?.sensors, clockSeconds: UInt64(clamping: time(nil)))
    }

    /// Bytes that stages may take in all, those that they have taken included.
    var memoryBudget: Int { configuration.memoryBytes ?? DeviceMemory.budget() }

    func session(_ id: UInt64) -> WorkerSession? { sessions[id] }

    /// A link began. A coordinator's begins its session, or goes on with it.
    func linkOpened(_ link: any Link) {
        links.withLock { $0.opened(link.peer.role) }
        if link.peer.role == .coordinator { sessions.begin(link.peer.session, link: link) }
    }

    /// A link ended. With a coordinator that says goodbye its stages go; those of one that is lost wait for it.
    func linkClosed(_ link: any Link, error: TransportError?) {
        links.withLock { $0.closed(link.peer.role) }
        guard link.peer.role == .coordinator else { return }
        // Without an error this side closed it: it ends, or a newer link of the session has taken its place.
        let isOver = error == nil || error?.code == .closedByPeer
        guard let session = sessions.linkEnded(link.peer.session, link: link, isOver: isOver) else { return }
        logger.notice("coordinator lost", metadata: ["session": "\(session.tag)"])
        compute.run { [stages, sessions] in
            if !stages.holds(session: session.id) { sessions.forget(session.id) }
        }
    }
}
