package import NIOCore

/// A contiguous part of a shard on its way into a worker's store.
package struct ShardPiece: Sendable, Hashable {
    /// The bytes before the data in a piece's payload: id, offset, total.
    package static let headerBytes = ShardID.byteCount + 16

    /// The shard that the bytes belong to.
    package var id: ShardID
    /// Where in the shard the bytes begin.
    package var offset: UInt64
    /// The length of the whole shard.
    package var totalBytes: UInt64
    /// The data, at least one byte.
    package var bytes: ByteBuffer

    package init(id: ShardID, offset: UInt64, totalBytes: UInt64, bytes: ByteBuffer) {
        self.id = id
        self.offset = offset
        self.totalBytes = totalBytes
        self.bytes = bytes
    }
}
