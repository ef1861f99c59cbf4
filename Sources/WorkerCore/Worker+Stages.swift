import Dispatch
import GGUF
import Logging
import ModelGraph
import Transport
import Wire

/// Loading stages, and running steps on them.
extension Worker {
    /// Makes a stage ready: links to the next worker, then builds the stage on the compute thread.
    ///
    /// - Parameter done: called once, on any thread, with the reply.
    func load(_ request: LoadStage, in session: WorkerSession, done: @escaping @Sendable (ControlBody) -> Void) {
        Task { [self] in
            do throws(WorkerError) {
                let next: any Link =
                    switch request.next {
                    case .coordinator: session.coordinator
                    case .worker(let address, _):
                        try await session.link(to: address, of: self, epoch: request.epoch, stage: request.stage)
                    }
                // Opening may hash gigabytes: steps of other stages do not wait for it.
                DispatchQueue.global().async { [self] in
                    let source = Result { () throws(WorkerError) in try shards.open(request.shards) }
                    // Used by one thread after the other.
                    nonisolated(unsafe) let opened = source
                    compute.run { [self] in done(build(request, from: opened, in: session, next: next)) }
                }
            } catch {
                done(.failure(Failure(code: error.code, message: error.message)))
            }
        }
    }

    /// Computes a step. Steps of placements that are gone are dropped.
    ///
    /// - Parameters:
    ///   - arrived: when it came, from when on its stage does not wait for it.
    ///   - left: called once, on any thread, when the results have left this process or the step has ended here.
    func run(
        _ frame: StepFrame, in session: WorkerSession, arrived: ContinuousClock.Instant,
        left: @escaping @Sendable () -> Void
    ) {
        do throws(WorkerError) {
            if let stage = stages[StageKey(session: session.id, epoch: frame.epoch, stage: frame.stage)] {
                try stage.run(frame, arrived: arrived, left: left)
                return
            } else if stages.holds(session: session.id, epoch: frame.epoch) {
                throw WorkerError(.stageMissing, "stage \(frame.stage) is not loaded on \(configuration.name)")
            }
        } catch {
            logger.warning("step failed", metadata: ["step": "\(frame.step)", "reason": "\(error)"])
            session.notify(
                .stepFailed(
                    StepFailed(
                        epoch: frame.epoch, step: frame.step, stage: frame.stage, code: error.code,
                        message: error.message,
                        sequences: Array(Set(frame.entries.map(\.sequence))).sorted())))
        }
        left()
    }

    private func build(
        _ request: LoadStage, from source: Result<StageSource, WorkerError>, in session: WorkerSession, next: any Link
    ) -> ControlBody {
        let started = ContinuousClock.now
        do throws(WorkerError) {
            let source = try source.get()
            let stage = try makeStage(request, from: source) { done, total in
                session.notify(
                    .stageProgress(
                        StageProgress(
                            epoch: request.epoch, stage: request.stage, done: UInt64(done), total: UInt64(total))))
            }
            // Here, on the compute thread, the session's end has either freed its stages already or will do so later.
            guard self.session(session.id) === session else {
                throw WorkerError(.stageMissing, "the coordinator's session ended while the stage was loaded")
            }
            source.lease?.built()
            stages.add(
                LoadedStage(request: request, stage: stage, next: next, lease: source.lease),
                as: StageKey(session: session.id, epoch: request.epoch, stage: request.stage))
            DeviceMemory.returnFreed()
            logger.info(
                "stage loaded",
                metadata: [
                    "model": "\(request.modelName)",
                    "layers": "\(request.range.firstLayer)..<\(request.range.lastLayer)",
                    "bytes": "\(stage.weightBytes)",
                    "matrices": "\(stage.packedUse)",
                ])
            if let hint = stage.packedUse.hint ?? source.hint {
                logger.warning("packed weights are not kept for the next start", metadata: ["reason": "\(hint)"])
            }
            return .stageLoaded(
                StageLoaded(
                    epoch: request.epoch, stage: request.stage, weightBytes: UInt64(stage.weightBytes),
                    loadMilliseconds: UInt64((.now - started) / .milliseconds(1))))
        } catch {
            return .failure(Failure(code: error.code, message: error.message))
        }
    }

    private func makeStage(
        _ request: LoadStage, from source: StageSource, progress: @escaping (Int, Int) -> Void
    ) throws(WorkerError) -> Stage {
        let (needed, budget) = (source.byteCount + stages.bytes, memoryBudget)
        guard needed <= budget else {
            throw WorkerError(
                .outOfMemory,
                "its stages would need \(needed) bytes on \(configuration.name), which may use \(budget): place fewer layers "
                    + "there with --pin, or allow it more with --memory")
        }
        do throws(ModelError) {
            let configuration = try ModelConfiguration(
                metadata: source.metadata,
                vocabulary: source.tensors.tensorData(named: "token_embd.weight")?.descriptor.rows)
            let range = ModelGraph.StageRange(
                embedding: request.range.embedding,
                layers: Int(request.range.firstLayer)..<Int(request.range.lastLayer),
                head: request.range.head)
            return try Stage(
                configuration: configuration, range: range, tensors: source.tensors,
                compute: request.compute == .f32 ? .f32 : .int8,
                keyValueType: request.keyValueType == .q8_0 ? .q8_0 : .standard, context: Int(request.context),
                pool: pool, packed: source.packed, progress: progress)
        } catch {
            throw WorkerError(error)
        }
    }
}
