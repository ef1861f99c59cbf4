package import Wire

/// Counts the bytes by which a device came further with what it loads and what it is sent. A pure value.
///
/// What only repeats what was said before is no headway, nor is what nobody asked for, or is more than was asked for.
package struct HeadwayCount: Sendable {
    package private(set) var loading: UInt64 = 0
    package private(set) var receiving: UInt64 = 0
    private var loads: [StagePlaces.Place: Part] = [:]
    private var shards: [ShardID: Part] = [:]

    /// Something that is on its way.
    private struct Part: Sendable {
        let bytes: UInt64
        /// What may be told of it: matrices that cannot be kept packed are loaded twice.
        let most: UInt64
        var done: UInt64 = 0

        /// - Returns: how much more that is than before.
        mutating func reach(_ told: UInt64) -> UInt64 {
            let now = min(told, most)
            guard now > done else { return 0 }
            defer { done = now }
            return now - done
        }
    }

    package init() {}

    /// A stage is asked for, perhaps again.
    ///
    /// - Parameter bytes: of its weights.
    package mutating func asked(for load: LoadStage, bytes: Int) {
        let bytes = UInt64(max(0, bytes))
        loads[.init(epoch: load.epoch, stage: load.stage)] = Part(bytes: bytes, most: 2 * bytes)
    }

    /// - Returns: whether a stage may be so far that was asked for.
    package mutating func progress(_ progress: StageProgress) -> Bool {
        let place = StagePlaces.Place(epoch: progress.epoch, stage: progress.stage)
        guard var part = loads[place], progress.done <= progress.total, progress.total <= part.most else {
            return false
        }
        loading += part.reach(progress.done)
        loads[place] = part
        return true
    }

    /// A request for a stage was answered.
    ///
    /// - Parameter isLoaded: whether with the stage: then others that wait for it come next.
    package mutating func answered(_ load: LoadStage, isLoaded: Bool) {
        guard var part = loads.removeValue(forKey: .init(epoch: load.epoch, stage: load.stage)), isLoaded else {
            return
        }
        loading += part.reach(part.bytes)
    }

    /// A shard is to be brought, or to be brought anew.
    package mutating func expect(_ id: ShardID, bytes: Int) {
        let bytes = UInt64(max(0, bytes))
        shards[id] = Part(bytes: bytes, most: bytes)
    }

    /// The device says how much of a shard it holds.
    package mutating func holds(_ bytes: UInt64, of id: ShardID) {
        if let gain = shards[id]?.reach(bytes) { receiving += gain }
    }

    /// The device says that it has a shard.
    package mutating func stored(_ id: ShardID) {
        if let part = shards[id] { holds(part.bytes, of: id) }
    }

    /// A shard is brought no more.
    package mutating func forget(_ id: ShardID) { shards[id] = nil }
}
