import ModelParts
import ModelGraph
import Transport
import Wire

/// Fills the caches of a stage that was loaded from those of the stages before it, then answers the request.
///
/// `begin` and what is said so runs on the compute thread; waiting for other workers does not.
struct CacheTakeover: Sendable {
    /// How long other workers may take in all: then their caches are computed again sooner than got.
    private static let patience = Duration.seconds(30)

    let load: StageLoad
    let stage: LoadedStage
    /// What stages of this worker had; the stage's own first.
    let locals: [LocalCaches]

    private var layers: Range<Int> { stage.stage.range.layers }

    func begin() {
        let plan = plan(locals.map(\.contents))
        let isShort = zip(plan.sequences, load.request.sequences).contains {
            $0.positions < min(Int($1.positions), stage.stage.context)
        }
        guard isShort, !layers.isEmpty, !load.request.standby, !load.remoteSources.isEmpty else {
            return finish(filled(plan))
        }
        Task { await pull() }
    }

    private func plan(_ sources: [CacheContents]) -> CachePlan {
        CachePlan(
            load.request.sequences, layers: layers, kind: stage.kind, from: sources, context: stage.stage.context)
    }

    /// An import with what this worker has. On the compute thread.
    private func filled(_ plan: CachePlan) -> CacheImport {
        let target = CacheImport(plan, layout: stage.stage.cacheLayout, firstLayer: layers.lowerBound)
        target.fill(from: locals)
        return target
    }

    /// Gets from other workers what this one has not. Who cannot be reached or lacks something costs positions, not the stage.
    private func pull() async {
        let remote = RemoteCaches(
            sources: load.remoteSources, worker: load.worker, session: load.session.id, context: stage.stage.context,
            interest: CacheInterest(load.request.sequences))
        let limit = Task {
            try? await Task.sleep(for: Self.patience)
            if !Task.isCancelled { remote.close() }
        }
        let contents = await remote.contents().map { $0 ?? CacheContents(layers: 0..<0, sequences: [:]) }
        let target = await load.worker.compute.result { filled(plan(locals.map(\.contents) + contents)) }
        await remote.pull(into: target, firstSource: locals.count, contents: contents)
        limit.cancel()
        remote.close()
        load.worker.compute.run { finish(target) }
    }

    /// Opens the sequences and answers. On the compute thread.
    private func finish(_ target: CacheImport) {
        guard load.worker.stages[load.key] === stage else {
            let failure = Failure(code: .stageMissing, message: "the stage was unloaded while it took caches over")
            return load.done(.failure(failure))
        }
        let caches = target.caches
        stage.install(caches)
        let request = load.request
        load.done(
            .stageLoaded(
                StageLoaded(
                    epoch: request.epoch, stage: request.stage, weightBytes: UInt64(stage.stage.weightBytes),
                    loadMilliseconds: UInt64((.now - load.began) / .milliseconds(1)),
                    sequences: request.sequences.map { wanted in
                        // Without layers there is nothing that a position would be in.
                        KeptSequence(
                            sequence: wanted.sequence,
                            positions: layers.isEmpty
                                ? wanted.positions : UInt32(caches[wanted.sequence]?.positions ?? 0),
                            trims: wanted.trims)
                    })))
        guard request.standby, !layers.isEmpty, !load.remoteSources.isEmpty else { return }
        CacheFollower(load: load, stage: stage).start()
    }
}
