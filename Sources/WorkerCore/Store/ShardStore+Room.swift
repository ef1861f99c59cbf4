import Formats
package import Wire

/// Making room in a store.
extension ShardStore {
    /// Shards that a store may have, however small: more than models that fit a device have, and few enough for any folder.
    static let mostShards = 16_384

    /// Removes the shards that are used least recently until all that is claimed fits.
    ///
    /// - Throws: `WorkerError` (storeFull) when it cannot; then nothing is removed.
    func makeRoom() throws(WorkerError) {
        if hasRoom { return }
        // What others removed makes room too.
        index.scan()
        let result = claims.withAll { claimed, expected -> Result<Void, WorkerError> in
            let shards = index.shards(claimed: claimed)
            let (coming, comingShards) = self.coming(expected)
            do throws(Eviction.Shortfall) {
                let going = try Eviction.choose(
                    shards, coming: coming, limit: limitBytes, free: diskBytesLeft(folder),
                    comingShards: comingShards, mostShards: Self.mostShards)
                remove(going)
                return .success(())
            } catch {
                let lack =
                    error.bytes > 0
                    ? "\(error.bytes) bytes are short in the store \(folder), which may take \(limitBytes): raise --store-limit, "
                        + "free disk space, or place fewer layers on this device"
                    : "the store \(folder) may have \(Self.mostShards) shards: place fewer layers on this device"
                return .failure(WorkerError(.storeFull, lack))
            }
        }
        try result.get()
    }

    /// Removes those of some shards that no claim keeps.
    package func forget(_ ids: [ShardID]) {
        claims.withAll { claimed, _ in remove(ids.filter { !claimed.contains($0) && index.contains($0) }) }
    }

    private func remove(_ ids: [ShardID]) {
        for id in ids { remove(id) }
        var gone: [String: FileIdentity?] = [:]
        for id in ids { for suffix in ["gguf", "packed"] { gone["\(id).\(suffix)"] = .some(nil) } }
        verified.note(gone)
    }

    /// Whether all fits without anything going, as far as is known without looking at each shard.
    private var hasRoom: Bool {
        let (coming, comingShards) = claims.withExpected(coming)
        let (taken, shards) = index.taken
        return saturatingSum(taken, coming) <= limitBytes && coming <= diskBytesLeft(folder)
            && shards + comingShards <= Self.mostShards
    }

    /// What will be written besides what is there, of shards that will take so much; and how many of them are new.
    private func coming(_ expected: [ShardID: Int]) -> (bytes: Int, shards: Int) {
        expected.reduce(into: (0, 0)) { sum, entry in
            sum.0 = saturatingSum(sum.0, max(0, entry.value - index.diskBytes(of: entry.key)))
            if !index.contains(entry.key) { sum.1 += 1 }
        }
    }
}
