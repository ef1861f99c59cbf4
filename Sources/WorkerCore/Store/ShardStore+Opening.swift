package import Formats
import GGUF
import ModelGraph
package import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Using what a store holds.
extension ShardStore {
    package func open(_ ids: [ShardID]) throws(WorkerError) -> StageSource {
        let claim = makeClaim()
        claim.hold(ids)
        let files = try checked(ids)
        for id in ids { touch(id) }
        guard let first = files.first else {
            throw WorkerError(.badRequest, "a stage needs at least its configuration shard")
        }
        let (packed, hint) = packedPlaces(Array(zip(ids, files)), claim: claim)
        return StageSource(
            metadata: first.metadata, tensors: MergedTensors(files), packed: packed,
            byteCount: files.reduce(0) { $0 + $1.tensorData.count },
            lease: StageLease(claim: claim) { [self] in notePacked(ids, claim: claim) }, hint: hint)
    }

    package func bytes(of id: ShardID) throws(WorkerError) -> MappedBytes { try checked([id])[0].bytes }

    /// Opens shards, and hashes those that changed since they were last hashed. Damaged ones are removed.
    private func checked(_ ids: [ShardID]) throws(WorkerError) -> [GGUFFile] {
        var files: [(id: ShardID, file: GGUFFile)] = []
        var damaged: Set<ShardID> = []
        var missing: ShardID?
        for id in ids {
            do {
                files.append((id, try GGUFFile.open(path: path(id))))
            } catch {
                switch error.code {
                case .notFound: missing = missing ?? id
                case .unreadable:
                    throw WorkerError(.internalError, "shard \(id) cannot be read: \(error.description)")
                default: damaged.insert(id)
                }
            }
        }
        let unknown = files.filter { !verified.trusts("\($0.id).gguf", $0.file.identity) }
        damaged.formUnion(ShardDigest.damaged(unknown.map { ($0.id, $0.file.bytes) }))
        var noted: [String: FileIdentity?] = [:]
        for (id, file) in unknown where !damaged.contains(id) { noted["\(id).gguf"] = file.identity }
        for id in damaged {
            remove(id)
            noted["\(id).gguf"] = .some(nil)
            noted["\(id).packed"] = .some(nil)
        }
        verified.note(noted)
        guard damaged.isEmpty else {
            throw WorkerError(
                .shardCorrupt,
                "\(damaged.count == 1 ? "a shard was" : "\(damaged.count) shards were") damaged on the disk and removed: "
                    + damaged.sorted().map(\.description).joined(separator: ", ") + "; to be sent again")
        }
        if let missing {
            throw WorkerError(.shardMissing, "shard \(missing) is not in the store: it must be sent first")
        }
        return files.map(\.file)
    }

    /// Where the packed forms of a stage's shards are kept, as far as there is room for them. Those that were not noted when they were
    /// made, or changed since, are made again.
    private func packedPlaces(
        _ shards: [(id: ShardID, file: GGUFFile)], claim: ShardClaim
    ) -> (places: PackedShards?, hint: String?) {
        guard keepsPacked else { return (nil, nil) }
        var places = PackedShards(folder: folder, shards: shards)
        var absent: [ShardID] = []
        for (id, file) in shards {
            let name = "\(id).packed"
            let identity = fileIdentity(packedPath(id))
            if verified.trusts(name, identity) { continue }
            if identity != nil {
                unlink(packedPath(id))
                index.update(id)
            }
            let bytes = PackedShards.byteCount(id: id, file: file)
            guard bytes > 0 else { continue }
            absent.append(id)
            _ = claim.expect(
                id,
                bytes: StoreIndex.diskBytes(ofFile: file.bytes.count) + StoreIndex.diskBytes(ofFile: bytes))
        }
        do {
            if !absent.isEmpty { try makeRoom() }
            return (places, nil)
        } catch {
            for id in absent { claim.settle(id) }
            places.leftOut = Set(absent)
            return (places, error.message)
        }
    }

    private func notePacked(_ ids: [ShardID], claim: ShardClaim) {
        for id in ids {
            claim.settle(id)
            index.update(id)
        }
        verified.note(Dictionary(ids.map { ("\($0).packed", fileIdentity(packedPath($0))) }) { $1 })
    }
}
