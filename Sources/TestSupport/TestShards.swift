package import CoordinatorCore
import Crypto
package import GGUF
import NIOCore
package import Wire

/// A tiny model cut into shards, as a coordinator sends them.
package struct TestShards: Sendable {
    package let model: GGUFFile
    package let shards: ModelShards

    /// Makes and cuts a model.
    package init(_ model: TinyModel = TinyModel()) throws {
        self.model = try GGUFFile(copying: try model.file(), path: "tiny.gguf")
        shards = try ModelShards(self.model)
    }

    package func id(_ part: ModelPart) -> ShardID { shards[part].identify() }

    /// The whole shard.
    package func bytes(_ part: ModelPart) -> [UInt8] {
        var bytes: [UInt8] = []
        shards[part].read(offset: 0, count: shards[part].byteCount) { bytes += $0 }
        return bytes
    }

    /// The ids of a stage's shards, the configuration first.
    package func ids(embedding: Bool = false, layers: Range<Int>, head: Bool = false) -> [ShardID] {
        shards.parts(embedding: embedding, layers: layers, head: head).map { id($0) }
    }

    /// The shard of one part cut into pieces of at most `size` bytes.
    package func pieces(_ part: ModelPart, size: Int) -> [ShardPiece] {
        Self.pieces(bytes(part), id: id(part), size: size)
    }

    /// Any bytes, cut into pieces.
    package static func pieces(_ bytes: [UInt8], id: ShardID, size: Int) -> [ShardPiece] {
        stride(from: 0, to: bytes.count, by: size).map { offset in
            ShardPiece(
                id: id, offset: UInt64(offset), totalBytes: UInt64(bytes.count),
                bytes: ByteBuffer(bytes: bytes[offset..<min(bytes.count, offset + size)]))
        }
    }
}

extension ShardID {
    /// The id of any bytes.
    package static func of(_ bytes: [UInt8]) -> ShardID { ShardID(Array(SHA256.hash(data: bytes)))! }
}
