import Crypto
import Formats
import GGUF
package import Wire

/// One shard to be sent: a small GGUF file whose header is made here and whose tensors lie in the model's mapped file.
///
/// The same model always gives the same bytes, hence the same id.
package struct ModelShard: Sendable {
    package let part: ModelPart
    package let byteCount: Int
    /// Runs of bytes in order; together they are the file.
    private let runs: [Run]

    private struct Run: Sendable {
        let start: Int
        let bytes: MappedBytes
    }

    /// Lays out the shard of one part.
    ///
    /// - Throws: `GGUFError` where a tensor or key cannot be written.
    init(part: ModelPart, metadata: [(key: String, value: GGUFValue)], tensors: [GGUFTensor], of model: GGUFFile)
        throws(GGUFError)
    {
        self.part = part
        let writer = GGUFWriter(
            metadata: metadata,
            tensors: tensors.map { .init(name: $0.name, type: $0.type, dimensions: $0.dimensions) })
        let layout = try writer.layout()
        var runs = [Run(start: 0, bytes: MappedBytes(copying: layout.header))]
        var end = layout.header.count
        for (source, placed) in zip(tensors, layout.tensors) {
            let start = layout.header.count + placed.offset
            if start > end {
                runs.append(Run(start: end, bytes: MappedBytes(copying: Array(repeating: 0, count: start - end))))
            }
            runs.append(Run(start: start, bytes: model.bytes(of: source)))
            end = start + placed.byteCount
        }
        if layout.fileByteCount > end {
            runs.append(
                Run(start: end, bytes: MappedBytes(copying: Array(repeating: 0, count: layout.fileByteCount - end))))
        }
        self.runs = runs
        byteCount = layout.fileByteCount
    }

    /// Gives the bytes from `offset` on, at most `count`, in runs, in order.
    package func read(offset: Int, count: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        let end = min(byteCount, offset + count)
        for run in runs where run.start < end && run.start + run.bytes.count > offset {
            let from = max(offset, run.start) - run.start
            let to = min(end, run.start + run.bytes.count) - run.start
            run.bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[from..<to])) }
        }
    }

    /// Whether a part of the model's file was gone when it was read.
    package var isDamaged: Bool { runs.contains { $0.bytes.isDamaged } }

    /// Lets go of the memory of what was read: the model's file stays mapped, and is read again when needed.
    package func discardResidentPages() {
        for run in runs { run.bytes.discardResidentPages() }
    }

    /// The SHA-256 of the whole shard. Reads all of it: seconds for gigabytes, so not for the cooperative pool.
    package func identify() -> ShardID {
        var hash = SHA256()
        // In windows, so that a large shard is not in memory as a whole.
        let window = 8 << 20
        for offset in stride(from: 0, to: byteCount, by: window) {
            read(offset: offset, count: window) { hash.update(bufferPointer: $0) }
            discardResidentPages()
        }
        return ShardID(Array(hash.finalize()))!
    }
}
