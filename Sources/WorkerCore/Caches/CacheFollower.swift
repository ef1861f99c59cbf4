import ModelParts
import ModelGraph
import Tensors
import Wire

/// Keeps the caches of a standby stage close behind those of the stages that it stands by for, as long as it is loaded.
struct CacheFollower: Sendable {
    /// Bytes of pages that are got before they are put in place.
    private static let roundBytes = 64 << 20

    let load: StageLoad
    let stage: LoadedStage

    func start() { Task { await follow() } }

    private func follow() async {
        let remote = RemoteCaches(
            sources: load.remoteSources, worker: load.worker, session: load.session.id, context: stage.stage.context,
            interest: .first(Int(load.request.slots)))
        defer { remote.close() }
        var pace = FollowingPace()
        /// What the sources had when there was nothing to do.
        var settled: [CacheContents?]?
        while load.worker.stages[load.key] === stage {
            let contents = await remote.contents()
            let hasChanged = contents == settled ? false : await round(contents, from: remote)
            settled = hasChanged == false ? contents : nil
            try? await Task.sleep(for: pace.pause(hasChanged: hasChanged))
        }
    }

    /// Takes whole pages over that are missing, and forgets what is gone.
    ///
    /// - Returns: whether anything changed; nil where a source could not be asked: then all stays as it is.
    private func round(_ found: [CacheContents?], from remote: RemoteCaches) async -> Bool? {
        let contents = found.compactMap { $0 }
        guard contents.count == found.count else { return nil }
        let prepared = await load.worker.compute.result { prepare(contents) }
        guard let prepared else { return false }
        await remote.pull(into: prepared, firstSource: 1, contents: contents)
        return await load.worker.compute.result {
            // A stage that was taken over has its sequences from here no more.
            guard load.worker.stages[load.key] === stage else { return true }
            stage.install(caches(of: prepared))
            return true
        }
    }

    /// What has come; of a sequence that has not come as far as was planned, what was there before, where that is more: layers with a window
    /// may have gone on meanwhile. On the compute thread.
    private func caches(of prepared: CacheImport) -> [UInt32: SequenceCache] {
        var caches = prepared.caches
        for planned in prepared.plan.sequences {
            guard let come = caches[planned.number], come.positions < planned.positions,
                let present = stage.stage.cached(sequence: planned.number), present.trims == planned.trims,
                present.positions > come.positions
            else { continue }
            caches[planned.number] = present
        }
        return caches
    }

    /// What the stage is to have now, with what it has; nil where that is the same. On the compute thread.
    private func prepare(_ contents: [CacheContents]) -> CacheImport? {
        let layout = stage.stage.cacheLayout, layers = stage.stage.range.layers
        let own = LocalCaches(of: stage.stage, isSame: true)
        let wanted = StandbySequences.wanted(contents, layers: layers, slots: Int(load.request.slots))
        // What other stages were promised is not free, however little their caches hold now.
        let stages = load.worker.stages
        let taken = max(stages.bytes, saturatingSum(stages.neededBytes, stage.stage.keyValueBytes))
        let room = max(0, load.worker.memoryBudget - taken)
        // A part of a sequence is of no use where its layers with a window have gone on: all of it comes in one round.
        let most = layout.hasWindows ? room : min(max(Self.roundBytes, layout.largestPageBytes), room)
        let plan = CachePlan(
            wanted, layers: layers, kind: stage.kind, from: [own.contents] + contents, context: stage.stage.context,
            newPages: most / layout.largestPageBytes)
        let now = plan.sequences.map {
            CacheFollower.Extent(number: $0.number, positions: $0.positions, trims: $0.trims)
        }
        let before = own.contents.sequences.map {
            CacheFollower.Extent(number: $0.key, positions: $0.value.positions, trims: $0.value.trims)
        }
        guard Set(now) != Set(before) else { return nil }
        let target = CacheImport(plan, layout: layout, firstLayer: layers.lowerBound)
        target.fill(from: [own])
        return target
    }

    private struct Extent: Hashable {
        var number: UInt32
        var positions: Int
        var trims: UInt32
    }
}
