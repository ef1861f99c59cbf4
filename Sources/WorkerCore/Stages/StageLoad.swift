import ModelParts
import Dispatch
import GGUF
import Logging
import ModelGraph
import Placement
import Tensors
import Transport
import Wire

/// One request to load a stage: builds it, or has a stage that is there become it, and takes over the caches that it is to go on with.
///
/// What is named `finish` and below runs on the compute thread, but for the building of a standby stage.
struct StageLoad: Sendable {
    let worker: Worker
    let request: LoadStage
    let session: WorkerSession
    let next: any Link
    let began = ContinuousClock.now
    /// Takes the reply, on any thread.
    let done: @Sendable (ControlBody) -> Void

    /// A stage that is ready to be put into the table.
    private struct Built {
        var stage: Stage
        var lease: StageLease?
        var need: StageNeed
    }

    var key: StageKey { StageKey(session: session.id, epoch: request.epoch, stage: request.stage) }

    /// The stages of this worker that are given up for it.
    var givenUp: [StageKey] {
        request.caches.filter { $0.address == nil }
            .map { StageKey(session: session.id, epoch: $0.epoch, stage: $0.stage) }
    }

    /// Other workers' stages that caches come from.
    var remoteSources: [CacheSource] { request.caches.filter { $0.address != nil } }

    func begin() {
        worker.compute.run {
            if let present = givenUp.lazy.compactMap({ worker.stages[$0] }).first(where: { $0.canBecome(request) }) {
                finish { () throws(WorkerError) in
                    let need = try need(
                        weights: max(
                            0, saturatingSum(present.need.weights, present.expertBytesOnDisk) - expertBytesOnDisk),
                        configuration: present.stage.configuration)
                    try makeRoom(for: need, loading: 0)
                    return Built(stage: present.stage, lease: present.lease, need: need)
                }
                return
            }
            // Opening may hash gigabytes: steps of other stages do not wait for it.
            DispatchQueue.global().async {
                let source = Result { () throws(WorkerError) in try worker.shards.open(request.shards) }
                // Used by one thread after the other.
                nonisolated(unsafe) let opened = source
                worker.compute.run {
                    if request.standby { return buildAside(opened) }
                    finish { () throws(WorkerError) in
                        let source = try opened.get()
                        let need = try need(of: source)
                        try makeRoom(for: need, loading: need.weights)
                        return try build(from: source, need: need, pool: worker.pool)
                    }
                }
            }
        }
    }

    /// Puts the stage into the table in place of those that it takes over. What fails before that leaves them as they were.
    private func finish(_ made: () throws(WorkerError) -> Built) {
        do throws(WorkerError) {
            let built = try made(), stage = built.stage
            // Here, on the compute thread, the session's end has either freed its stages already or will do so later.
            guard worker.session(session.id) === session else {
                throw WorkerError(.stageMissing, "the coordinator's session ended while the stage was loaded")
            }
            let locals = takeLocalCaches(for: stage)
            stage.limitPages { pageLimit(of: $0, in: stage, need: built.need) }
            let loaded = LoadedStage(
                request: request, stage: stage, next: next, lease: built.lease, need: built.need,
                memory: worker.results)
            worker.stages.add(loaded, as: key)
            CacheTakeover(load: self, stage: loaded, locals: locals).begin()
        } catch {
            done(.failure(Failure(code: error.code, message: error.message)))
        }
    }

    /// Empties and removes the stages that are given up; their weights are free when this returns.
    private func takeLocalCaches(for stage: Stage) -> [LocalCaches] {
        let sources = givenUp.compactMap { key -> LoadedStage? in
            defer { worker.stages.remove { $0 == key } }
            return worker.stages[key]
        }
        // The stage's own first: it has all layers, and its pages stay where they are.
        return sources.filter { $0.stage === stage }.map { LocalCaches(taking: $0.stage, isSame: true) }
            + sources.filter { $0.stage !== stage && !$0.stage.range.layers.isEmpty && $0.hasCaches(for: request) }
            .map { LocalCaches(taking: $0.stage, isSame: false) }
    }

    /// Builds a stage that nobody waits for on one thread of its own, while the compute thread goes on with the steps of others.
    private func buildAside(_ opened: Result<StageSource, WorkerError>) {
        do throws(WorkerError) {
            let source = try opened.get()
            let need = try need(of: source)
            try makeRoom(for: need, loading: need.weights)
            worker.stages.promise(need.weights, to: key)
            // Used by one thread after the other.
            nonisolated(unsafe) let material = source
            DispatchQueue.global(qos: .utility).async {
                let built = Result { () throws(WorkerError) in
                    try build(from: material, need: need, pool: ThreadPool(threads: 1))
                }
                worker.compute.run {
                    worker.stages.promise(0, to: key)
                    finish { () throws(WorkerError) in try built.get() }
                }
            }
        } catch {
            done(.failure(Failure(code: error.code, message: error.message)))
        }
    }

    private func build(from source: StageSource, need: StageNeed, pool: ThreadPool) throws(WorkerError) -> Built {
        let stage = try make(from: source, pool: pool) { done, total in
            session.notify(
                .stageProgress(
                    StageProgress(epoch: request.epoch, stage: request.stage, done: UInt64(done), total: UInt64(total)))
            )
        }
        source.lease?.built()
        DeviceMemory.returnFreed()
        worker.logger.info(
            "stage loaded",
            metadata: [
                "model": "\(request.modelName)",
                "layers": "\(request.range.layers.words)",
                "weights": "\(ByteCount(stage.weightBytes))",
                "matrices": "\(stage.packedUse)",
            ])
        if let hint = stage.packedUse.hint ?? source.hint {
            worker.logger.warning("packed weights are not kept for the next start", metadata: ["reason": "\(hint)"])
        }
        return Built(stage: stage, lease: source.lease, need: need)
    }

    private func make(
        from source: StageSource, pool: ThreadPool, progress: @escaping (Int, Int) -> Void
    ) throws(WorkerError) -> Stage {
        let configuration = try configuration(of: source)
        do throws(ModelError) {
            return try Stage(
                configuration: configuration, range: range, tensors: source.tensors,
                compute: compute, keyValueType: keyValueType, context: Int(request.context),
                pool: worker.pool, loadingPool: pool, packed: source.packed,
                expertsOnDisk: request.expertBytesOnDisk > 0, givesBack: givesBack, progress: progress)
        } catch {
            var failure = WorkerError(error)
            if error.code == .notKept, let hint = source.hint { failure.message += " (\(hint))" }
            throw failure
        }
    }
}

extension Range<Int> {
    /// As people count layers: the first and the last.
    fileprivate var words: String {
        isEmpty ? "none" : count == 1 ? "\(lowerBound)" : "\(lowerBound)-\(upperBound - 1)"
    }
}
