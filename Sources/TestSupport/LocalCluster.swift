package import ClusterStore
package import CoordinatorCore
package import GGUF
import Identity
import ModelGraph
package import ModelParts
import NIOPosix
package import Placement
import Synchronization
import Tokenizer
package import Transport
import Wire
import WorkerCore

/// A whole cluster within the test process: workers with stores of their own on TCP loopback, and a coordinator that is wired as
/// in the program, with its in-process worker.
///
/// Safe from any thread, but for `kill` and `restart` of one worker at the same time.
package final class LocalCluster: Sendable {
    /// What the coordinator is to serve and how.
    package struct Settings: Sendable {
        package var context: Int?
        package var slots = 4
        package var pins: [Pin] = []
        /// Over all workers, however small the model: what tests are about.
        package var planning = PlanningPreferences(objective: .throughput)
        package var compute = ComputeMode.int8
        package var keyValueType = KeyValueType.standard
        package var rowsPerStep = 256
        package var measuring = Measuring.nothing
        /// Where the speeds of links are kept; `nil` is nowhere.
        package var linkFolder: String?
        package var keyValueTokens: Int?
        package var queue = CoordinatorConfiguration.defaultQueue
        package var contextShift: ContextShift?
        package var patience = CoordinatorConfiguration.defaultPatience
        package var standby = CoordinatorConfiguration.Standby.nothing
        /// What the coordinator's own device may use; `nil` is what each worker may.
        package var ownMemoryBytes: Int?
        /// What each worker may use, and no more than that.
        package var workerMemoryBytes = LocalWorker.memoryBytes
        /// How the coordinator's links are protected.
        package var security = TransportSecurity.plain
        /// Who issues the workers' certificates; `nil` is for plain links.
        package var authority: TestAuthority?
        /// Nothing is moved unasked, so that tests know what is where.
        package var rebalanceGain: Double?
        /// What was wished of the placement.
        package var wishes = PlacementWishes()
        /// How long devices may make no headway.
        package var headway = HeadwayLimits()
        /// What is wrong with workers, by index: with what comes to them, and with what they send.
        package var filters: [Int: LocalWorker.FrameFilter] = [:]
        package var sentFilters: [Int: LocalWorker.FrameFilter] = [:]

        package init() {}
    }

    /// The name of the coordinator's own device; the workers are `w1`, `w2`, …
    package static let ownDevice = "coordinator"

    package let model: GGUFFile
    package let workers: [LocalWorker]
    package let coordinator: Coordinator
    private let reports: ProgressLog
    private let folder: TemporaryFolder

    private init(
        model: GGUFFile, workers: [LocalWorker], coordinator: Coordinator, reports: ProgressLog, folder: TemporaryFolder
    ) {
        self.model = model
        self.workers = workers
        self.coordinator = coordinator
        self.reports = reports
        self.folder = folder
    }

    /// Starts all of it; when it returns, the model answers.
    ///
    /// - Throws: what the coordinator refuses; then nothing is left.
    package static func start(
        model: TinyModel = TinyModel(), workers count: Int = 2, context: Int? = nil, slots: Int = 4, pins: [Pin] = [],
        compute: ComputeMode = .int8, keyValueType: KeyValueType = .standard, rowsPerStep: Int = 256
    ) async throws -> LocalCluster {
        var settings = Settings()
        settings.context = context
        settings.slots = slots
        settings.pins = pins
        settings.compute = compute
        settings.keyValueType = keyValueType
        settings.rowsPerStep = rowsPerStep
        let cluster = try await prepare(model: model, workers: count, settings: settings)
        do {
            try await cluster.coordinator.start()
        } catch {
            await cluster.stop()
            throw error
        }
        return cluster
    }

    /// Starts the workers, and makes a coordinator that has not begun.
    package static func prepare(
        model: TinyModel = TinyModel(), workers count: Int, settings: Settings = Settings()
    ) async throws -> LocalCluster {
        let file = try GGUFFile(copying: try model.file(), path: "tiny.gguf")
        let folder = try TemporaryFolder()
        var workers: [LocalWorker] = []
        do {
            for index in 1..<count + 1 {
                let security = try settings.authority?.security(.member, name: "w\(index)")
                workers.append(
                    try await LocalWorker.start(
                        name: "w\(index)", folder: folder.path + "/w\(index)",
                        security: security.map { .mutual($0) } ?? .plain,
                        filters: .init(
                            received: settings.filters[index - 1], sent: settings.sentFilters[index - 1]),
                        memoryBytes: settings.workerMemoryBytes))
            }
            let reports = ProgressLog()
            let coordinator = try makeCoordinator(
                file, workers: workers, settings: settings, progress: { reports.add($0) })
            return LocalCluster(
                model: file, workers: workers, coordinator: coordinator, reports: reports, folder: folder)
        } catch {
            for worker in workers { await worker.kill() }
            folder.remove()
            throw error
        }
    }

    /// What the coordinator told while it made the model ready, so far.
    package var progress: [StartupProgress] { reports.all }

    /// Another coordinator on the same workers, not started.
    ///
    /// - Parameter model: what it serves; nil is the cluster's model.
    package func makeCoordinator(
        _ settings: Settings = Settings(), model: GGUFFile? = nil,
        progress: @escaping @Sendable (StartupProgress) -> Void = { _ in }
    ) throws -> Coordinator {
        try Self.makeCoordinator(model ?? self.model, workers: workers, settings: settings, progress: progress)
    }

    /// Waits until the cluster is as wanted. A time limit belongs on the test.
    package func when(_ isWanted: (ClusterReport) -> Bool) async throws {
        while !isWanted(await coordinator.report()) { try await Task.sleep(for: .milliseconds(10)) }
    }

    /// Ends the coordinator and the workers and removes their folders.
    package func stop() async {
        coordinator.stop()
        for worker in workers { await worker.kill() }
        folder.remove()
    }

    private static func makeCoordinator(
        _ file: GGUFFile, workers: [LocalWorker], settings: Settings,
        progress: @escaping @Sendable (StartupProgress) -> Void
    ) throws -> Coordinator {
        let configuration = try ModelConfiguration(file: file)
        let context = settings.context ?? min(configuration.trainedContext, CoordinatorConfiguration.defaultContext)
        let facts = ModelFacts(
            sizes: try ModelSizes(
                measuring: file, compute: settings.compute, keyValueType: settings.keyValueType, context: context,
                threads: 1),
            vocabularySize: configuration.vocabulary, trainedContext: configuration.trainedContext)
        let transport = LocalWorker.makeTransport(security: settings.security)
        let own = Worker(
            configuration: WorkerConfiguration(
                name: ownDevice, memoryBytes: settings.ownMemoryBytes ?? LocalWorker.memoryBytes, threads: 1),
            shards: ModelFileShards(file), transport: transport, logger: LocalWorker.logger)
        let devices =
            workers.map {
                DeviceDeclaration(
                    name: $0.name, connection: .tcp($0.endpoint), memoryBytes: settings.workerMemoryBytes)
            }
            + [
                DeviceDeclaration(
                    name: ownDevice,
                    connection: .inProcess(
                        .init(
                            connect: { handler, hello in own.connectInProcess(hello, handler: handler) },
                            afterSteps: { own.afterSteps($0) }, reader: own.reader)),
                    memoryBytes: settings.ownMemoryBytes ?? LocalWorker.memoryBytes)
            ]
        return Coordinator(
            shards: try ModelShards(file), tokenizer: try Tokenizer(metadata: file.metadata), facts: facts,
            configuration: CoordinatorConfiguration(
                devices: devices, pins: settings.pins, planning: settings.planning, compute: settings.compute,
                keyValueType: settings.keyValueType, context: settings.context, slots: settings.slots,
                keyValueTokens: settings.keyValueTokens, queue: settings.queue, contextShift: settings.contextShift,
                rowsPerStep: settings.rowsPerStep, measuring: settings.measuring,
                linkFile: settings.linkFolder.map { LinkFile(folder: $0) }, wishes: settings.wishes,
                patience: settings.patience,
                standby: settings.standby, rebalanceGain: settings.rebalanceGain, headway: settings.headway),
            transport: transport, progress: progress)
    }
}

/// Keeps what is reported, in order. Safe from any thread.
package final class ProgressLog: Sendable {
    private let entries = Mutex<[StartupProgress]>([])

    package init() {}

    package func add(_ progress: StartupProgress) { entries.withLock { $0.append(progress) } }

    package var all: [StartupProgress] { entries.withLock { $0 } }
}
