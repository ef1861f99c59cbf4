/// What tells a file from one that took its place at the same path, or that was written again.
///
/// The device is not part of it: its number may change from one start of a machine to the next, and the path stands for it.
package struct FileIdentity: Sendable, Hashable {
    /// The number of the file in its file system.
    package let inode: UInt64
    /// Bytes.
    package let size: UInt64
    /// When the content was last changed: seconds since 1970, and nanoseconds.
    package let modified: (seconds: Int64, nanoseconds: Int64)

    package init(inode: UInt64, size: UInt64, modified: (seconds: Int64, nanoseconds: Int64)) {
        self.inode = inode
        self.size = size
        self.modified = modified
    }

    /// Several files as one: a change of any of them changes it. One file's is its own.
    ///
    /// - Precondition: there is at least one.
    package init(of files: [FileIdentity]) {
        precondition(!files.isEmpty, "no files")
        guard files.count > 1 else {
            self = files[0]
            return
        }
        // FNV-1a (Fowler, Noll, Vo) over all numbers, from another start for each number: it tells versions of a user's own files apart, and
        // nobody gains by two that are equal.
        let all = files.flatMap(\.bytes)
        func mixed(_ start: UInt64) -> UInt64 {
            all.reduce(0xcbf2_9ce4_8422_2325 ^ start) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
        self.init(
            inode: mixed(1), size: files.reduce(0) { $0 &+ $1.size },
            modified: (seconds: Int64(bitPattern: mixed(2)), nanoseconds: Int64(bitPattern: mixed(3))))
    }

    /// The four numbers, little-endian: 32 bytes.
    package var bytes: [UInt8] {
        [inode, size, UInt64(bitPattern: modified.seconds), UInt64(bitPattern: modified.nanoseconds)].flatMap {
            number in
            (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
    }

    package static func == (left: FileIdentity, right: FileIdentity) -> Bool { left.bytes == right.bytes }

    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
