import Wire

/// Counts how often a device came further with what it loads and what it is sent. A pure value.
///
/// What only repeats what was said before is no headway.
struct HeadwayCount: Sendable {
    private(set) var loading: UInt64 = 0
    private(set) var receiving: UInt64 = 0
    private var loaded: (epoch: UInt32, done: [UInt32: UInt64]) = (0, [:])
    private var held: [ShardID: UInt64] = [:]

    mutating func progress(_ progress: StageProgress) {
        if progress.epoch != loaded.epoch { loaded = (progress.epoch, [:]) }
        // A placement has no more stages than this.
        guard loaded.done.count < 4096, progress.done > loaded.done[progress.stage] ?? 0 else { return }
        loaded.done[progress.stage] = progress.done
        loading += 1
    }

    /// A stage is asked for, perhaps again.
    mutating func asked(for load: LoadStage) {
        if load.epoch == loaded.epoch { loaded.done[load.stage] = nil }
    }

    mutating func loadedStage() { loading += 1 }

    mutating func accepted(_ accepted: ShardPieceAccepted) {
        guard accepted.bytesHeld > held[accepted.id] ?? 0 else { return }
        held[accepted.id] = accepted.bytesHeld
        receiving += 1
    }

    /// A shard has arrived, or its transfer is over.
    mutating func ended(_ id: ShardID) {
        held[id] = nil
        receiving += 1
    }
}
