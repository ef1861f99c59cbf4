package import Formats
import GGUF

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A GGUF file with a real model's shape and random weights: for measuring without downloads. Its text is nonsense.
package struct SyntheticModel: Sendable {
    let name: String
    let shape: ModelDimensions
    let requestedType: ElementType
    let seed: UInt64

    /// - Parameter type: of the matrices, one of `RandomBlocks.types`; norms, biases and routers are F32.
    package init(name: String, shape: ModelDimensions, type: ElementType, seed: UInt64 = 1) {
        self.name = name
        self.shape = shape
        requestedType = type
        self.seed = seed
    }

    /// Writes the file in a stream.
    ///
    /// - Parameters:
    ///   - hasWeights: without them all weights are zeros, a hole in the file that takes nothing of the disk: for plans and sizes.
    ///   - progress: called with bytes written and bytes in all.
    /// - Throws: `GGUFError`, or `FileError` when the file cannot be written; then none is left.
    package func write(to path: String, hasWeights: Bool = true, progress: (Int, Int) -> Void = { _, _ in }) throws {
        let layout = try GGUFWriter(metadata: metadata, tensors: tensors).layout()
        let partial = path + ".partial"
        do {
            let file = try OutputStream(path: partial)
            try file.write(layout.header)
            for (index, tensor) in layout.tensors.enumerated() where hasWeights {
                try write(tensor, index: index, to: file)
                let padding = (layout.alignment - tensor.byteCount % layout.alignment) % layout.alignment
                try file.write([UInt8](repeating: 0, count: padding))
                progress(layout.header.count + tensor.offset + tensor.byteCount, layout.fileByteCount)
            }
            if !hasWeights { try file.extend(to: layout.fileByteCount) }
            try file.close()
            guard rename(partial, path) == 0 else { throw FileError(path: path, "cannot be named", errno) }
        } catch {
            unlink(partial)
            throw error
        }
    }

    private func write(_ tensor: GGUFTensor, index: Int, to file: OutputStream) throws(FileError) {
        if tensor.dimensions.count == 1 {
            return try file.write(vectorValues(tensor, seed: seed &+ UInt64(index)))
        }
        // As at initialization: rows keep the size of what they multiply.
        let deviation = 1 / Float(tensor.columns).squareRoot()
        var blocks = RandomBlocks(seed: seed &+ UInt64(index), deviation: deviation)
        let pieceBytes = max(1, (8 << 20) / tensor.type.blockBytes) * tensor.type.blockBytes
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(pieceBytes, tensor.byteCount), alignment: 64)
        defer { piece.deallocate() }
        for start in stride(from: 0, to: tensor.byteCount, by: pieceBytes) {
            let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<min(pieceBytes, tensor.byteCount - start)])
            blocks.fill(part, type: tensor.type)
            try file.write(UnsafeRawBufferPointer(part))
        }
    }
}

/// A file that is written in order.
private final class OutputStream {
    private let path: String
    private var descriptor: CInt

    init(path: String) throws(FileError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError(path: path, "cannot be made", errno) }
    }

    deinit { if descriptor >= 0 { _ = systemClose(descriptor) } }

    func write(_ values: [some BitwiseCopyable]) throws(FileError) {
        try values.withUnsafeBufferPointer { (values) throws(FileError) in try write(UnsafeRawBufferPointer(values)) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes
        while !rest.isEmpty {
            let done = systemWrite(descriptor, rest)
            if done < 0 && errno == EINTR { continue }
            guard done > 0 else { throw FileError(path: path, "cannot be written", errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[done...])
        }
    }

    /// Makes the file so long; what was not written reads as zeros.
    func extend(to byteCount: Int) throws(FileError) {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
            throw FileError(path: path, "cannot be made \(byteCount) bytes long", errno)
        }
    }

    func close() throws(FileError) {
        defer { descriptor = -1 }
        guard systemClose(descriptor) == 0 else { throw FileError(path: path, "cannot be written", errno) }
    }
}

private func systemClose(_ descriptor: CInt) -> CInt { close(descriptor) }

private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

extension FileError {
    fileprivate init(path: String, _ what: String, _ number: CInt) {
        self.init(
            code: [ENOSPC, EDQUOT, EFBIG].contains(number) ? .full : .system, path: path,
            message: "\(what): \(String(cString: strerror(number))): check the path and the disk's free space")
    }
}
