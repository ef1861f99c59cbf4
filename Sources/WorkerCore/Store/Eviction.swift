package import Wire

/// A shard on the disk, whole or in part, as far as making room is concerned.
package struct StoredShard: Sendable, Hashable {
    package var id: ShardID
    /// Bytes of all its files.
    package var bytes: Int
    /// Nanoseconds since 1970.
    package var lastUse: Int64
    /// Whether it must stay.
    package var isClaimed: Bool

    package init(id: ShardID, bytes: Int, lastUse: Int64, isClaimed: Bool) {
        self.id = id
        self.bytes = bytes
        self.lastUse = lastUse
        self.isClaimed = isClaimed
    }
}

/// Chooses which shards go so that others find room.
package enum Eviction {
    /// How many bytes, or shards, are too many when all goes that may.
    package struct Shortfall: Error, Sendable, Hashable {
        package var bytes: Int
        package var shards: Int

        package init(bytes: Int, shards: Int = 0) {
            self.bytes = bytes
            self.shards = shards
        }
    }

    /// The shards to remove, those first whose last use is longest ago.
    ///
    /// - Parameters:
    ///   - coming: bytes that will be written besides what is there.
    ///   - limit: bytes that the store may take.
    ///   - free: bytes that the disk has left.
    ///   - comingShards: how many there will be besides those that are there.
    ///   - mostShards: how many there may be.
    /// - Throws: `Shortfall`; then nothing should go.
    package static func choose(
        _ shards: [StoredShard], coming: Int, limit: Int, free: Int, comingShards: Int = 0, mostShards: Int = .max
    ) throws(Shortfall) -> [ShardID] {
        let held = shards.reduce(0) { $0 + $1.bytes }
        var excess = max(held + coming - limit, coming - free)
        var surplus = shards.count + comingShards - mostShards
        var chosen: [ShardID] = []
        let candidates = shards.filter { !$0.isClaimed }.sorted { ($0.lastUse, $0.id) < ($1.lastUse, $1.id) }
        for shard in candidates where excess > 0 || surplus > 0 {
            chosen.append(shard.id)
            excess -= shard.bytes
            surplus -= 1
        }
        guard excess <= 0, surplus <= 0 else { throw Shortfall(bytes: max(0, excess), shards: max(0, surplus)) }
        return chosen
    }
}
