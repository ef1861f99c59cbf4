import Formats
import Synchronization
import Wire

/// What a store has of each shard, kept in memory: to look through the folder for each of thousands of small shards takes long.
///
/// It is told of what the store itself does; `scan` finds what others did. Safe from any thread.
final class StoreIndex: Sendable {
    /// The files of one shard.
    struct Entry {
        /// Bytes in them.
        var bytes = 0
        /// Bytes that they take on the disk.
        var diskBytes = 0
        /// Nanoseconds since 1970.
        var lastUse: Int64 = 0
    }

    private struct State {
        var entries: [ShardID: Entry] = [:]
        var bytes = 0
        var diskBytes = 0

        mutating func set(_ id: ShardID, _ entry: Entry?) {
            let old = entries[id] ?? Entry(), new = entry ?? Entry()
            entries[id] = entry
            bytes += new.bytes - old.bytes
            diskBytes += new.diskBytes - old.diskBytes
        }
    }

    /// What the names of a shard's files end with.
    static let suffixes = ["gguf", "partial", "packed"]

    private let folder: String
    private let state = Mutex(State())

    init(folder: String) {
        self.folder = folder
        scan()
    }

    /// Bytes in all files.
    var bytes: Int { state.withLock { $0.bytes } }

    /// Bytes that they take on the disk, and of how many shards they are.
    var taken: (diskBytes: Int, shards: Int) { state.withLock { ($0.diskBytes, $0.entries.count) } }

    /// What one shard takes on the disk.
    func diskBytes(of id: ShardID) -> Int { state.withLock { $0.entries[id]?.diskBytes ?? 0 } }

    /// Whether there is anything of a shard.
    func contains(_ id: ShardID) -> Bool { state.withLock { $0.entries[id] != nil } }

    /// Looks at the files of one shard again.
    func update(_ id: ShardID) {
        state.withLock { state in
            var entry: Entry?
            for suffix in Self.suffixes {
                if let file = fileStatus("\(folder)/\(id).\(suffix)") { Self.add(file, suffix, to: &entry) }
            }
            state.set(id, entry)
        }
    }

    /// A shard is used now.
    func use(_ id: ShardID, at time: Int64) { state.withLock { $0.entries[id]?.lastUse = time } }

    /// Looks through the folder.
    func scan() {
        state.withLock { state in
            state = State()
            for name in Folder.names(in: folder) {
                let parts = name.split(separator: ".", maxSplits: 1)
                guard parts.count == 2, Self.suffixes.contains(String(parts[1])),
                    let id = ShardID(hexadecimal: parts[0]), let file = fileStatus("\(folder)/\(name)")
                else { continue }
                var entry = state.entries[id]
                Self.add(file, String(parts[1]), to: &entry)
                state.set(id, entry)
            }
        }
    }

    /// Every shard.
    func shards(claimed: Set<ShardID>) -> [StoredShard] {
        state.withLock { state in
            state.entries.map { id, entry in
                StoredShard(
                    id: id, bytes: entry.diskBytes, lastUse: entry.lastUse, isClaimed: claimed.contains(id))
            }
        }
    }

    private static func add(_ file: FileStatus, _ suffix: String, to entry: inout Entry?) {
        var sum = entry ?? Entry()
        sum.bytes += file.bytes
        sum.diskBytes += max(file.allocatedBytes + overhead, diskBytes(ofFile: file.bytes))
        // The system moves the times of the packed file as it likes.
        if suffix != "packed" { sum.lastUse = max(sum.lastUse, file.accessed) }
        entry = sum
    }

    /// What a file takes beside its blocks: an inode, and its name in the folder.
    private static let overhead = 4 << 10
    private static let block = 4 << 10

    /// What a file of so many bytes takes on a disk of blocks as most have.
    static func diskBytes(ofFile bytes: Int) -> Int {
        saturatingSum(bytes > .max - block ? .max : (bytes + block - 1) / block * block, overhead)
    }
}
