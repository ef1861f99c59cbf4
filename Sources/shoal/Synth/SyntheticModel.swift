import Formats
import Foundation
import GGUF

/// A GGUF file with a real model's shape and random weights: for measuring without downloads. Its text is nonsense.
struct SyntheticModel {
    let name: String
    let shape: ModelShape.Dimensions
    let type: ElementType
    let seed: UInt64

    /// Writes the file in a stream.
    ///
    /// - Parameter progress: called with bytes written and bytes in all.
    /// - Throws: `GGUFError`, or `CommandError` when the file cannot be written; then none is left.
    func write(to path: String, progress: (Int, Int) -> Void) throws {
        let layout = try GGUFWriter(metadata: metadata, tensors: tensors).layout()
        let partial = path + ".partial"
        guard FileManager.default.createFile(atPath: partial, contents: nil),
            let file = FileHandle(forWritingAtPath: partial)
        else { throw CommandError("\(partial) cannot be written: check the path and the disk's free space") }
        do {
            try file.write(contentsOf: Data(layout.header))
            for (index, tensor) in layout.tensors.enumerated() {
                try write(tensor, index: index, to: file)
                let padding = (layout.alignment - tensor.byteCount % layout.alignment) % layout.alignment
                try file.write(contentsOf: Data(count: padding))
                progress(layout.header.count + tensor.offset + tensor.byteCount, layout.fileByteCount)
            }
            try file.close()
            guard rename(partial, path) == 0 else { throw CommandError("\(partial) cannot be renamed to \(path)") }
        } catch {
            try? FileManager.default.removeItem(atPath: partial)
            throw CommandError("\(path) cannot be written: \(error)")
        }
    }

    private func write(_ tensor: GGUFTensor, index: Int, to file: FileHandle) throws {
        if tensor.dimensions.count == 1 {
            try file.write(contentsOf: vectorValues(tensor).withUnsafeBytes { Data($0) })
            return
        }
        // As at initialization: rows keep the size of what they multiply.
        let deviation = 1 / Float(tensor.columns).squareRoot()
        var blocks = RandomBlocks(seed: seed &+ UInt64(index), deviation: deviation)
        let pieceBytes = max(1, (8 << 20) / tensor.type.blockBytes) * tensor.type.blockBytes
        var piece = Data(count: min(pieceBytes, tensor.byteCount))
        for start in stride(from: 0, to: tensor.byteCount, by: pieceBytes) {
            let count = min(pieceBytes, tensor.byteCount - start)
            if piece.count != count { piece = Data(count: count) }
            piece.withUnsafeMutableBytes { blocks.fill($0, type: tensor.type) }
            try file.write(contentsOf: piece)
        }
    }
}
