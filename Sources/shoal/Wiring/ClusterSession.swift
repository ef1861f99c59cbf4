import ClusterStore
import CoordinatorCore
import Logging
import ModelGraph
import NIOPosix
import Placement
import Sensors
import Tensors
import Tokenizer
import Transport
import Wire
import WorkerCore

/// A coordinator with a worker in its own process, linked like the others: what `serve`, `generate` and `logits` run on.
struct ClusterSession {
    /// The name of the coordinator's own device.
    static let ownDevice = Member.reservedName

    let coordinator: Coordinator

    /// Where this device's profile is kept for its part as the coordinator's.
    static var profileFolder: String { CacheFolder.standard("profiles") }

    /// How fast this device is, if that was measured before with so many threads.
    static func ownProfile(threads: Int?) -> DeviceProfile? {
        ProfileFile(folder: profileFolder, conditions: .current(threads: threads ?? ProcessorCount.usable)).load()
    }

    struct Settings {
        var devices: [NamedDevice] = []
        var pins: [Pin] = []
        var planning = PlanningPreferences()
        var compute: ComputeChoice = .int8
        var keyValueType: KeyValueChoice = .f16
        var context: Int?
        var slots = 4
        var keyValueTokens: Int?
        var queue = CoordinatorConfiguration.defaultQueue
        var contextShift: ContextShift?
        var threads: Int?
        var isPinned = false
        var rowsPerStep = 256
        /// Bytes for stages in this process; `nil` is what there is.
        var ownMemoryBytes: Int?
        /// How fast this process's device is declared to be, where that was not measured.
        var ownSpeed: DeviceSpeed?
        /// Where the coordinator keeps what it need not find out again; `nil` is nowhere.
        var dataFolder: String?
        /// Where the packed weights of this process's worker are kept; `nil` is in memory alone.
        var packed: PackedFolder?
        /// How links to devices are protected.
        var security = TransportSecurity.plain
        /// What is measured before the model is placed.
        var measuring = Measuring.nothing
        /// Where it is kept what is placed; `nil` is nowhere.
        var store: ClusterStore?
        /// What was wished of this placement; the settings have it already.
        var wishes = PlacementWishes()
        /// Where it is recorded what happens.
        var history = ClusterHistory()
        var patience = CoordinatorConfiguration.defaultPatience
        var standby = CoordinatorConfiguration.Standby.nothing
        var rebalanceGain: Double? = CoordinatorConfiguration.defaultRebalanceGain

        /// The devices, without this process's own.
        var remoteDevices: [DeviceDeclaration] {
            devices.map(\.declaration)
        }
    }

    /// Starts all of it; when it returns, the model answers.
    ///
    /// - Throws: an error that names cause and mend; then nothing stays connected.
    static func start(
        _ model: Model, tokenizer: Tokenizer?, settings: Settings, logger: Logger,
        progress: @escaping @Sendable (StartupProgress) -> Void
    ) async throws -> ClusterSession {
        let coordinator = try prepare(
            model, tokenizer: tokenizer, settings: settings, logger: logger, progress: progress)
        try await coordinator.start()
        return ClusterSession(coordinator: coordinator)
    }

    /// Does something with the model, then ends all of it; when it returns or throws, devices hold nothing of it.
    func use<Result>(_ work: (Coordinator) async throws -> Result) async throws -> Result {
        do {
            let result = try await work(coordinator)
            await coordinator.end()
            return result
        } catch {
            await coordinator.end()
            throw error
        }
    }

    /// A coordinator and its worker, checked as far as that can be without the devices, and not started.
    ///
    /// - Throws: an error that names cause and mend.
    static func prepare(
        _ model: Model, tokenizer: Tokenizer?, settings: Settings, logger: Logger,
        progress: @escaping @Sendable (StartupProgress) -> Void
    ) throws -> Coordinator {
        try Kernels.checkEnvironment()
        let threads = settings.threads ?? ProcessorCount.usable
        let facts = try model.facts(
            compute: settings.compute.mode, keyValueType: settings.keyValueType.mode, context: settings.context,
            threads: threads)
        let transport = TCPTransport(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            options: Worker.linkOptions(memoryBytes: settings.ownMemoryBytes ?? DeviceMemory.budget()),
            security: settings.security, logger: logger)
        var configuration = WorkerConfiguration(
            name: ownDevice, memoryBytes: settings.ownMemoryBytes, threads: threads, isPinned: settings.isPinned,
            profileFolder: profileFolder)
        configuration.machine = .this
        let own = Worker(
            configuration: configuration,
            shards: ModelFileShards(model.file, packed: settings.packed), transport: transport, logger: logger)
        own.watchSensors()
        let devices =
            settings.remoteDevices
            + [
                DeviceDeclaration(
                    name: ownDevice,
                    connection: .inProcess(
                        .init(
                            connect: { handler, hello in own.connectInProcess(hello, handler: handler) },
                            afterSteps: { own.afterSteps($0) }, reader: own.reader)),
                    memoryBytes: settings.ownMemoryBytes, speed: settings.ownSpeed)
            ]
        return Coordinator(
            shards: try ModelShards(
                model.file, cache: settings.dataFolder.flatMap { ShardIDCache(folder: $0, model: model.file) }),
            tokenizer: tokenizer, facts: facts,
            configuration: CoordinatorConfiguration(
                devices: devices, pins: settings.pins, planning: settings.planning,
                compute: settings.compute.mode,
                keyValueType: settings.keyValueType.mode, context: settings.context, slots: settings.slots,
                keyValueTokens: settings.keyValueTokens, queue: settings.queue, contextShift: settings.contextShift,
                rowsPerStep: settings.rowsPerStep, measuring: settings.measuring,
                linkFile: settings.dataFolder.map { LinkFile(folder: $0) }, store: settings.store,
                wishes: settings.wishes, history: settings.history, patience: settings.patience,
                standby: settings.standby,
                rebalanceGain: settings.rebalanceGain),
            transport: transport, progress: progress)
    }
}
