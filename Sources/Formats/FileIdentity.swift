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
