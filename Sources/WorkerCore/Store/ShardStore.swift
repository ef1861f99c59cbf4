import Crypto
import Formats
import GGUF
import ModelGraph
import NIOCore
import Synchronization
package import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Shards on a worker's disk, each a file named by its SHA-256: `shards/<id>.gguf`, and `<id>.partial` while it arrives. Beside it
/// `<id>.packed` keeps its matrices as products take them, once a stage has used them; it can be made again at any time.
///
/// A file gets its name only once its bytes are checked and on the disk, so a crash at any moment leaves whole shards and
/// partial ones that go on from where they stopped. One process holds a store at a time. Safe from any thread.
package final class ShardStore: ShardProvider {
    private let folder: String
    private let lock: FileDescriptor
    private let keepsPacked: Bool
    /// Serializes writing: pieces of several shards may arrive at a time.
    private let writing = Mutex(())

    /// Opens a store, making its folder.
    ///
    /// - Parameter keepsPacked: whether shards are kept packed too.
    /// - Throws: `WorkerError` when the folder cannot be made or another worker holds it.
    package init(dataFolder: String, keepsPacked: Bool = true) throws(WorkerError) {
        self.keepsPacked = keepsPacked
        folder = dataFolder + "/shards"
        try makeFolder(dataFolder)
        try makeFolder(folder)
        lock = try FileDescriptor(path: dataFolder + "/lock", O_RDWR | O_CREAT)
        guard flock(lock.number, LOCK_EX | LOCK_NB) == 0 else {
            throw WorkerError(
                .busy,
                "\(dataFolder) is in use by another worker; stop it, or give this one a folder of its own with --data-dir"
            )
        }
        DraftFile.removeLeftovers(in: folder)
        for name in Folder.names(in: folder) where name.hasSuffix(".packed") {
            if fileBytes("\(folder)/\(name.dropLast(7)).gguf") == nil { unlink("\(folder)/\(name)") }
        }
    }

    package func holdings(_ ids: [ShardID]) -> [ShardHolding] {
        ids.map { id in
            if fileBytes(path(id)) != nil {
                return ShardHolding(id: id, bytesHeld: UInt64(fileBytes(path(id)) ?? 0), complete: true)
            }
            return ShardHolding(id: id, bytesHeld: UInt64(fileBytes(partialPath(id)) ?? 0), complete: false)
        }
    }

    package func accept(_ piece: ShardPiece) throws(WorkerError) -> (bytesHeld: UInt64, complete: Bool) {
        let result = writing.withLock { _ in
            Result { () throws(WorkerError) in try write(piece) }
        }
        return try result.get()
    }

    package func open(_ ids: [ShardID]) throws(WorkerError) -> StageSource {
        var files: [GGUFFile] = []
        for id in ids {
            do {
                files.append(try GGUFFile.open(path: path(id)))
            } catch {
                throw refusal(error, opening: id)
            }
        }
        guard let first = files.first else {
            throw WorkerError(.badRequest, "a stage needs at least its configuration shard")
        }
        return StageSource(
            metadata: first.metadata, tensors: MergedTensors(files),
            packed: keepsPacked ? PackedShards(folder: folder, shards: Array(zip(ids, files))) : nil,
            byteCount: files.reduce(0) { $0 + $1.tensorData.count })
    }

    /// Why a shard cannot be opened. A file that is no shard is removed, so that it is sent again.
    private func refusal(_ error: GGUFError, opening id: ShardID) -> WorkerError {
        switch error.code {
        case .notFound:
            return WorkerError(.shardMissing, "shard \(id) is not in the store: it must be sent first")
        case .unreadable:
            return WorkerError(.internalError, "shard \(id) cannot be read: \(error.description)")
        default:
            unlink(path(id))
            unlink("\(folder)/\(id).packed")
            return WorkerError(
                .shardCorrupt,
                "shard \(id) was damaged on the disk; it has been removed and must be sent again: \(error.message)")
        }
    }

    package var storeBytes: Int {
        Folder.names(in: folder).filter { name in [".gguf", ".partial", ".packed"].contains { name.hasSuffix($0) } }
            .reduce(0) { $0 + (fileBytes("\(folder)/\($1)") ?? 0) }
    }

    private func path(_ id: ShardID) -> String { "\(folder)/\(id).gguf" }
    private func partialPath(_ id: ShardID) -> String { "\(folder)/\(id).partial" }

    private func write(_ piece: ShardPiece) throws(WorkerError) -> (bytesHeld: UInt64, complete: Bool) {
        if let whole = fileBytes(path(piece.id)) { return (UInt64(whole), true) }
        let partial = partialPath(piece.id)
        var held = UInt64(fileBytes(partial) ?? 0)
        // All bytes, and no name: the last run ended just before, or the bytes are not the shard's.
        if piece.offset == 0, held > 0, held >= piece.totalBytes {
            if held == piece.totalBytes, (try? complete(piece.id)) != nil { return (held, true) }
            unlink(partial)
            held = 0
        }
        guard piece.offset == held else {
            throw WorkerError(
                .badRequest,
                "a piece of shard \(piece.id) begins at byte \(piece.offset), but \(held) bytes are held: ask what is held first"
            )
        }
        let (end, overflow) = held.addingReportingOverflow(UInt64(piece.bytes.readableBytes))
        guard !overflow, end <= piece.totalBytes else {
            throw WorkerError(.badRequest, "a piece of shard \(piece.id) goes past its end at byte \(piece.totalBytes)")
        }
        let file = try FileDescriptor(path: partial, O_WRONLY | O_CREAT | O_APPEND)
        try file.write(piece.bytes)
        guard end == piece.totalBytes else { return (end, false) }
        try file.synchronize()
        try complete(piece.id)
        return (end, true)
    }

    /// Checks a partial file's digest and gives it its name.
    private func complete(_ id: ShardID) throws(WorkerError) {
        let partial = partialPath(id)
        var digest = SHA256()
        do {
            try MappedFile(path: partial).bytes.withUnsafeBytes { digest.update(bufferPointer: $0) }
        } catch {
            throw WorkerError(.internalError, "\(partial) cannot be read back: \(error)")
        }
        guard ShardID(Array(digest.finalize())) == id else {
            unlink(partial)
            throw WorkerError(
                .shardCorrupt, "the bytes received for shard \(id) are not that shard; it must be sent again")
        }
        guard rename(partial, path(id)) == 0 else {
            throw WorkerError(.internalError, "\(partial) cannot be renamed: \(lastSystemError())")
        }
    }
}
