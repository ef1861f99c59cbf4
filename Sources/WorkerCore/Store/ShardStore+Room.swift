import Formats
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Making room in a store.
extension ShardStore {
    /// Removes the shards that are used least recently until all that is claimed fits.
    ///
    /// - Throws: `WorkerError` (storeFull) when it cannot; then nothing is removed.
    func makeRoom() throws(WorkerError) {
        let result = claims.withAll { claimed, expected -> Result<Void, WorkerError> in
            let shards = stored(claimed)
            let coming = expected.reduce(0) { sum, entry in
                sum + max(0, entry.value - (shards[entry.key]?.bytes ?? 0))
            }
            do throws(Eviction.Shortfall) {
                let going = try Eviction.choose(
                    Array(shards.values), coming: coming, limit: limitBytes, free: diskBytesLeft(folder))
                for id in going { remove(id) }
                var gone: [String: FileIdentity?] = [:]
                for id in going { for suffix in ["gguf", "packed"] { gone["\(id).\(suffix)"] = .some(nil) } }
                verified.note(gone)
                return .success(())
            } catch {
                return .failure(
                    WorkerError(
                        .storeFull,
                        "\(error.bytes) bytes are short in the store \(folder), which may take \(limitBytes): raise --store-limit, "
                            + "free disk space, or place fewer layers on this device"))
            }
        }
        try result.get()
    }

    /// What there is of each shard.
    private func stored(_ claimed: Set<ShardID>) -> [ShardID: StoredShard] {
        var shards: [ShardID: StoredShard] = [:]
        for name in Folder.names(in: folder) {
            let parts = name.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, ["gguf", "partial", "packed"].contains(parts[1]),
                let id = ShardID(hexadecimal: parts[0]), let file = fileStatus("\(folder)/\(name)")
            else { continue }
            var shard =
                shards[id] ?? StoredShard(id: id, bytes: 0, lastUse: 0, isClaimed: claimed.contains(id))
            shard.bytes += file.bytes
            // The system moves the times of the packed file as it likes.
            if parts[1] != "packed" { shard.lastUse = max(shard.lastUse, file.accessed) }
            shards[id] = shard
        }
        return shards
    }
}
