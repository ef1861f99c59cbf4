import Crypto
import Formats
import NIOCore
import Synchronization
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A shard that is coming in: appends its pieces to a partial file and hashes them on the way, so that the end waits for no second
/// reading.
///
/// Pieces of one shard wait for each other, those of several shards do not. Safe from any thread.
final class ShardReception: Sendable {
    private let id: ShardID
    private let folder: String
    private let partial: String
    private let whole: String
    private let digest = Mutex(Progress())

    /// The digest of the partial file's first `bytes` bytes.
    private struct Progress {
        var digest = SHA256()
        var bytes: UInt64 = 0
    }

    /// - Parameter folder: that of both files; it is made again where somebody removed it.
    init(id: ShardID, folder: String, partial: String, whole: String) {
        self.id = id
        self.folder = folder
        self.partial = partial
        self.whole = whole
    }

    /// Takes a piece in; the last one is checked and gives the file its name.
    ///
    /// - Returns: how many bytes are held now, and whether the shard is whole.
    /// - Throws: `WorkerError`
    func accept(_ piece: ShardPiece) throws(WorkerError) -> (bytesHeld: UInt64, complete: Bool) {
        let result = digest.withLock { progress in
            Result { () throws(WorkerError) in try write(piece, &progress) }
        }
        return try result.get()
    }

    private func write(_ piece: ShardPiece, _ progress: inout Progress) throws(WorkerError) -> (UInt64, Bool) {
        if let bytes = fileBytes(whole) { return (UInt64(bytes), true) }
        var held = UInt64(fileBytes(partial) ?? 0)
        // All bytes, and no name: the last run ended just before, or the bytes are not the shard's.
        if piece.offset == 0, held > 0, held >= piece.totalBytes {
            if held == piece.totalBytes, (try? complete(&progress, length: held)) != nil { return (held, true) }
            unlink(partial)
            held = 0
        }
        guard piece.offset == held else {
            throw WorkerError(
                .badRequest,
                "a piece of shard \(id) begins at byte \(piece.offset), but \(held) bytes are held: ask what is held first"
            )
        }
        let (end, overflow) = held.addingReportingOverflow(UInt64(piece.bytes.readableBytes))
        guard !overflow, end <= piece.totalBytes else {
            throw WorkerError(.badRequest, "a piece of shard \(id) goes past its end at byte \(piece.totalBytes)")
        }
        try catchUp(&progress, to: held)
        if held == 0 { try makeFolder(folder) }
        let file = try FileDescriptor(path: partial, O_WRONLY | O_CREAT | O_APPEND)
        try file.write(piece.bytes)
        piece.bytes.withUnsafeReadableBytes { progress.digest.update(bufferPointer: $0) }
        progress.bytes = end
        guard end == piece.totalBytes else { return (end, false) }
        try file.synchronize()
        try complete(&progress, length: end)
        return (end, true)
    }

    /// Hashes what an earlier run received.
    private func catchUp(_ progress: inout Progress, to held: UInt64) throws(WorkerError) {
        guard progress.bytes != held else { return }
        progress = Progress()
        guard held > 0 else { return }
        do {
            let file = try MappedFile(path: partial)
            ShardDigest.add(file.bytes, to: &progress.digest)
            progress.bytes = UInt64(file.count)
        } catch {
            throw WorkerError(.internalError, "\(partial) cannot be read back: \(error)")
        }
    }

    /// Checks the partial file's digest and gives it its name.
    private func complete(_ progress: inout Progress, length: UInt64) throws(WorkerError) {
        try catchUp(&progress, to: length)
        let found = ShardID(Array(progress.digest.finalize()))
        progress = Progress()
        guard found == id else {
            unlink(partial)
            throw WorkerError(
                .shardCorrupt, "the bytes received for shard \(id) are not that shard; it must be sent again")
        }
        guard rename(partial, whole) == 0 else {
            throw WorkerError(.internalError, "\(partial) cannot be renamed: \(lastSystemError())")
        }
    }
}
