import Sensors
import Synchronization
import Tensors
import Wire

/// A worker's profile: kept from an earlier start, or measured when somebody asks, one measurement at a time.
///
/// Measuring is done on the compute thread, and only while nobody computes: it is refused shortly after a step, and given up when
/// work comes. Safe from any thread.
final class DeviceProfiler: Sendable {
    typealias Reply = @Sendable (Result<DeviceProfile, WorkerError>) -> Void

    private let configuration: WorkerConfiguration
    private let compute: ComputeThread
    private let pool: ThreadPool
    private let conditions: MeasuringConditions
    private let file: ProfileFile?
    private let state: Mutex<State>

    private struct State {
        var profile: DeviceProfile?
        /// Who waits for the measurement that is under way; nil when there is none.
        var waiting: [Reply]?
        var lastStep: ContinuousClock.Instant?
        /// How often the compute thread was wanted, for a step or whatever else.
        var works = 0
    }

    init(configuration: WorkerConfiguration, compute: ComputeThread, pool: ThreadPool) {
        self.configuration = configuration
        self.compute = compute
        self.pool = pool
        conditions = .current(threads: configuration.threads)
        file = configuration.profileFolder.map { [conditions] in ProfileFile(folder: $0, conditions: conditions) }
        state = Mutex(State(profile: file?.load()))
    }

    /// What is known now.
    var profile: DeviceProfile? { state.withLock { $0.profile } }

    /// A step came.
    func stepCame(at now: ContinuousClock.Instant) {
        state.withLock { state in
            state.lastStep = now
            state.works += 1
        }
    }

    /// The compute thread is wanted for something else than a step.
    func workCame() { state.withLock { $0.works += 1 } }

    /// Gives the profile: the one that there is, or a new one.
    ///
    /// - Parameters:
    ///   - again: measures also where there is one.
    ///   - done: called once, on any thread; a failure is `busy`, or `outOfMemory`.
    func measure(again: Bool, done: @escaping Reply) {
        enum Next { case known(DeviceProfile), busy, wait, begin(works: Int) }
        let next = state.withLock { state -> Next in
            if !again, let profile = state.profile { return .known(profile) }
            if state.waiting != nil {
                state.waiting?.append(done)
                return .wait
            }
            if let lastStep = state.lastStep, .now - lastStep < configuration.quietBeforeMeasuring { return .busy }
            state.waiting = [done]
            return .begin(works: state.works)
        }
        switch next {
        case .known(let profile): done(.success(profile))
        case .busy: done(.failure(busy))
        case .wait: break
        case .begin(let works): compute.run { [self] in finish(measureNow(unlessWorkedSince: works, again: again)) }
        }
    }

    private var busy: WorkerError {
        WorkerError(
            .busy, "\(configuration.name) computes for somebody, so it is not measured now; ask again when it is idle")
    }

    /// On the compute thread; given up where more work came than there was.
    private func measureNow(unlessWorkedSince works: Int, again: Bool) -> Result<DeviceProfile, WorkerError> {
        do throws(TensorError) {
            let measurement = DeviceMeasurement(
                plan: DeviceMeasurementPlan(
                    types: ProductSpeed.types, cacheBytes: LastLevelCache.bytes,
                    budgetBytes: configuration.memoryBytes ?? DeviceMemory.budget()),
                pool: pool, folder: configuration.profileFolder, conditions: conditions, power: power,
                known: { [file] in again ? nil : file?.load() },
                goOn: { [self] in state.withLock { $0.works == works } })
            return try measurement.run().map { .success($0) } ?? .failure(busy)
        } catch {
            return .failure(WorkerError(.outOfMemory, "\(configuration.name) could not be measured: \(error)"))
        }
    }

    /// What tells how much power is taken. One thread fewer for heat is another device: then nothing does.
    private var power: (@Sendable () -> PowerSample?)? {
        guard let machine = configuration.machine, let source = machine.powerSource, pool.activeThreads == pool.threads
        else { return nil }
        return { machine.sample(source) }
    }

    private func finish(_ result: Result<DeviceProfile, WorkerError>) {
        if case .success(let profile) = result { file?.store(profile) }
        let waiting = state.withLock { state in
            if case .success(let profile) = result { state.profile = profile }
            defer { state.waiting = nil }
            return state.waiting ?? []
        }
        for reply in waiting { reply(result) }
    }
}

extension DeviceProfiler {
    /// Measures this device without a worker, and keeps the result where a worker of the same configuration finds it.
    ///
    /// - Throws: `WorkerError`
    static func measureAlone(_ configuration: WorkerConfiguration) async throws(WorkerError) -> DeviceProfile {
        let compute = ComputeThread()
        let pool = ThreadPool(threads: configuration.threads, pinned: configuration.isPinned)
        compute.run { pool.pinCaller() }
        let profiler = DeviceProfiler(configuration: configuration, compute: compute, pool: pool)
        let result = await withCheckedContinuation { done in
            profiler.measure(again: true) { done.resume(returning: $0) }
        }
        return try result.get()
    }
}
