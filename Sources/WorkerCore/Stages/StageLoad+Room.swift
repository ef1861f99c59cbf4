import ModelParts
import GGUF
import Logging
import ModelGraph
import Tensors
import Wire

/// Whether a stage fits the device, and what its caches may take.
extension StageLoad {
    var range: StageRange { request.range }

    var compute: ComputeMode { request.compute }

    var keyValueType: KeyValueType { request.keyValueType }

    /// Whether layers with a window give back what no later row sees.
    var givesBack: Bool { !request.windows.isEmpty }

    /// Pages of a kind that all sequences together are to have room for; nil where the coordinator does not say.
    private func pages(of kind: StateKind) -> Int? {
        guard request.keyValuePositions > 0 else { return nil }
        let all = KeyValueLayout.pages(positions: Int(clamping: request.keyValuePositions))
        switch kind {
        case .pages: return all
        case .window(let window):
            let room = request.windows.first { Int($0.window) == window }
            return room.map { min(all, KeyValueLayout.pages(positions: Int(clamping: $0.positions))) } ?? all
        }
    }

    /// - Throws: `WorkerError` for a model that is not known here, or whose rows no frame carries.
    func configuration(of source: StageSource) throws(WorkerError) -> ModelConfiguration {
        let configuration: ModelConfiguration
        do throws(ModelError) {
            configuration = try ModelConfiguration(
                metadata: source.metadata,
                vocabulary: source.tensors.tensorData(named: TensorNames.embeddingMatrix)?.descriptor.rows)
        } catch {
            throw WorkerError(error)
        }
        let layers = range.layers
        guard layers.upperBound <= configuration.layers else {
            throw WorkerError(.badRequest, "layers \(layers) of a model with \(configuration.layers)")
        }
        let (comes, goes) = (
            configuration.rowWidth(before: layers.lowerBound),
            configuration.rowWidth(before: layers.upperBound)
        )
        let (most, widest) = (FrameLimits().width, max(comes, configuration.vocabulary))
        guard widest <= most else {
            throw WorkerError(.unsupported, "rows of \(widest) elements, where a step carries up to \(most)")
        }
        guard request.range.head || request.activationCodec.accepts(width: goes) else {
            throw WorkerError(
                .badRequest, "rows of \(goes) elements cannot be written as \(request.activationCodec)")
        }
        return configuration
    }

    /// What the stage will take.
    func need(of source: StageSource) throws(WorkerError) -> StageNeed {
        let configuration = try configuration(of: source)
        let weights =
            source.byteCount > 0 ? source.byteCount : Stage.totalBytes(configuration, range, source.tensors)
        let experts =
            request.expertBytesOnDisk > 0 ? Stage.expertBytes(configuration, range, source.tensors) : 0
        guard request.expertBytesOnDisk <= UInt64(experts) else {
            throw WorkerError(
                .badRequest,
                "\(request.expertBytesOnDisk) bytes of experts are to stay on disk, of \(experts) bytes that the layers have"
            )
        }
        return try need(weights: max(0, weights - expertBytesOnDisk), configuration: configuration)
    }

    /// Bytes of experts that take no memory of the device's budget: their pages are the system's to take back.
    var expertBytesOnDisk: Int { Int(clamping: request.expertBytesOnDisk) }

    func need(weights: Int, configuration: ModelConfiguration) throws(WorkerError) -> StageNeed {
        do throws(ModelError) {
            try configuration.check(keyValueType, compute: compute)
        } catch {
            throw WorkerError(error)
        }
        let layout = configuration.cacheLayout(
            range.layers, compute: compute, keyValueType: keyValueType, givesBack: givesBack)
        // One that stands by takes caches as far as there is room.
        let context = KeyValueLayout.pages(positions: Int(request.context))
        let keyValues =
            request.standby
            ? 0
            : layout.groups.reduce(0) {
                saturatingSum($0, saturatingProduct(pages(of: $1.kind) ?? context, $1.layout.pageBytes))
            }
        return StageNeed(
            weights: weights, keyValues: keyValues,
            scratch: configuration.scratchBytes(context: Int(request.context), threads: worker.pool.threads))
    }

    /// Pages of a kind that the stage's caches may have: those that were asked for, and a few, for pages of sequences that go on from the same
    /// one are counted as if all were copied at once; else what the device has left.
    func pageLimit(of kind: StateKind, in stage: Stage, need: StageNeed) -> Int? {
        let pageBytes = stage.cacheLayout.pageBytes
        guard pageBytes > 0 else { return nil }
        if let pages = pages(of: kind), !request.standby { return saturatingSum(pages, pages / 16 + 8) }
        let others = worker.stages.needs { !givenUp.contains($0) && $0 != key }
        let left = worker.memoryBudget - StageNeed.bytes(of: others) - need.weights - need.scratch
        return max(KeyValueLayout.pages(positions: stage.context), left / pageBytes)
    }

    /// Makes sure that the stage fits, now beside what is there still, and later with full caches beside the stages that stay. What is given
    /// up for it does not count, and sessions that wait for their coordinator end, the one that has waited longest first.
    ///
    /// - Parameter bytes: of weights that will be loaded.
    func makeRoom(for need: StageNeed, loading bytes: Int) throws(WorkerError) {
        let givenUp = Set(givenUp)
        let freed = givenUp.reduce(0) { $0 + (worker.stages[$1]?.heldWeightBytes ?? 0) }
        while true {
            // Stages of the session's earlier placements go before this one's steps come.
            let staying = worker.stages.needs { other in
                !givenUp.contains(other) && other != key
                    && (other.session != session.id || other.epoch >= request.epoch)
            }
            let scratch = worker.stages.needs { _ in true }.reduce(need.scratch) { max($0, $1.scratch) }
            let now = bytes == 0 ? 0 : saturatingSum(saturatingSum(bytes, scratch), worker.stages.bytes - freed)
            let needed = max(now, StageNeed.bytes(of: staying + [need])), budget = worker.memoryBudget
            // Plans count weights as the model's file has them, a little less than shards are.
            guard needed > saturatingSum(budget, budget / 64) else { return }
            guard let waiting = worker.sessions.takeLongestRetained(except: session.id) else {
                throw WorkerError(
                    .outOfMemory,
                    "its stages would need \(needed) bytes on \(worker.configuration.name), which may use \(budget): place "
                        + "fewer layers there with --pin, take a shorter --context, fewer --slots or --kv-tokens, or allow it more with "
                        + "--memory")
            }
            waiting.closeDownstream(isOver: true)
            worker.stages.remove { $0.session == waiting.id }
            worker.logger.notice("session ended for another's stages", metadata: ["session": "\(waiting.tag)"])
        }
    }
}
