import Formats
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
/// partial ones that go on from where they stopped. What is there before a run is hashed again where it changed (`VerifiedFiles`).
/// When room is short, the shards go whose last use is longest ago (`Eviction`); a use is when a stage opens a shard or a
/// coordinator asks for it. One process holds a store at a time. Safe from any thread.
package final class ShardStore: ShardProvider {
    let folder: String
    let keepsPacked: Bool
    let claims = ShardClaims()
    let verified: VerifiedFiles
    let index: StoreIndex
    private let lock: FileDescriptor
    private let receptions = Mutex<[ShardID: ShardReception]>([:])
    /// Bytes that the store may take on the disk.
    package let limitBytes: Int
    /// The time of the last use, which no other use shares, in nanoseconds since 1970.
    private let lastUse = Mutex<Int64>(0)

    /// Opens a store, making its folder; what exceeds the limit goes.
    ///
    /// - Parameters:
    ///   - keepsPacked: whether shards are kept packed too.
    ///   - limitBytes: what it may take on the disk; `nil` is nine tenths of what it has and what the disk has left,
    ///     or what it has where that is more.
    ///   - verifiesAll: whether what earlier runs left is hashed before its first use, and packed anew, though it did not change.
    /// - Throws: `WorkerError` when the folder cannot be made or another worker holds it.
    package init(
        dataFolder: String, keepsPacked: Bool = true, limitBytes: Int? = nil, verifiesAll: Bool = false
    ) throws(WorkerError) {
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
        verified = VerifiedFiles(path: folder + "/verified", forgetting: verifiesAll)
        index = StoreIndex(folder: folder)
        self.limitBytes = limitBytes ?? Self.standardLimit(folder: folder)
        _ = try? makeRoom()
    }

    /// Closing alone would leave the folder locked for as long as a process that is just being started shares the open file.
    deinit { _ = flock(lock.number, LOCK_UN) }

    package func makeClaim() -> ShardClaim { ShardClaim(claims) }

    package func holdings(_ ids: [ShardID], for claim: ShardClaim?) -> [ShardHolding] {
        claim?.hold(ids)
        return ids.map { id in
            if let bytes = fileBytes(path(id)) {
                if claim != nil { touch(id) }
                return ShardHolding(id: id, bytesHeld: UInt64(bytes), complete: true)
            }
            return ShardHolding(id: id, bytesHeld: UInt64(fileBytes(partialPath(id)) ?? 0), complete: false)
        }
    }

    package func accept(
        _ piece: ShardPiece, for claim: ShardClaim
    ) throws(WorkerError) -> (bytesHeld: UInt64, complete: Bool) {
        let id = piece.id
        if fileBytes(path(id)) == nil,
            claim.expect(id, bytes: StoreIndex.diskBytes(ofFile: Int(clamping: piece.totalBytes)))
        {
            do {
                try makeRoom()
            } catch {
                claim.settle(id)
                throw error
            }
        }
        let reception = receptions.withLock { receptions in
            let known =
                receptions[id] ?? ShardReception(id: id, folder: folder, partial: partialPath(id), whole: path(id))
            receptions[id] = known
            return known
        }
        defer { index.update(id) }
        let result = try reception.accept(piece)
        if result.complete {
            receptions.withLock { $0[id] = nil }
            claim.settle(id)
            verified.note(["\(id).gguf": fileIdentity(path(id))])
            touch(id)
        }
        return result
    }

    package var storeBytes: Int { index.bytes }

    /// Bytes that a file of a store takes on the disk, about: whole blocks, and what it takes beside them.
    package static func diskBytes(ofFile bytes: Int) -> Int { StoreIndex.diskBytes(ofFile: bytes) }

    func path(_ id: ShardID) -> String { "\(folder)/\(id).gguf" }
    func partialPath(_ id: ShardID) -> String { "\(folder)/\(id).partial" }
    func packedPath(_ id: ShardID) -> String { "\(folder)/\(id).packed" }

    /// Removes all there is of a shard.
    func remove(_ id: ShardID) {
        for path in [path(id), partialPath(id), packedPath(id)] { unlink(path) }
        receptions.withLock { $0[id] = nil }
        index.update(id)
    }

    /// Notes in the file's own times that a shard is used now; two uses never have the same time.
    func touch(_ id: ShardID) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let time = lastUse.withLock { last in
            last = max(last + 1, Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec))
            return last
        }
        setAccessTime(path(id), nanoseconds: time)
        index.use(id, at: time)
    }

    /// Nine tenths of what a store has and what its disk has left, but not less than it has.
    private static func standardLimit(folder: String) -> Int {
        let held = Folder.names(in: folder).reduce(0) { $0 + (fileBytes("\(folder)/\($1)") ?? 0) }
        return max(held, (held + min(diskBytesLeft(folder), .max / 4)) / 10 * 9)
    }
}
