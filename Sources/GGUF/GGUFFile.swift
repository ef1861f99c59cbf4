package import Formats

/// A GGUF file, versions 2 and 3, little-endian: metadata, tensor directory and the tensors' bytes.
///
/// Only the header is read on opening; tensors stay in the mapped file. Format: ggml's `docs/gguf.md`.
///
/// Thread safety: immutable, may be read from any thread.
package struct GGUFFile: Sendable {
    /// The format version, 2 or 3.
    package let version: Int
    /// Keys with values.
    package let metadata: GGUFMetadata
    /// The tensor directory in file order; every name occurs once, every tensor lies in the file, none overlaps another.
    package let tensors: [GGUFTensor]
    /// The multiple that every tensor's offset is of, in bytes; a power of two.
    package let alignment: Int
    /// The whole file.
    package let bytes: MappedBytes
    /// The tensor data section: from its aligned start to the end of the file.
    package let tensorData: MappedBytes
    /// The path as it was given.
    package let path: String
    /// What the file was when it was mapped, nil for bytes in memory.
    package let identity: FileIdentity?
    private let indices: [String: Int]

    /// Maps and checks the file at `path`.
    ///
    /// - Throws: `GGUFError` that says what is wrong, where, and what to do.
    package static func open(path: String) throws(GGUFError) -> GGUFFile {
        let file: MappedFile
        do {
            file = try MappedFile(path: path)
        } catch {
            throw GGUFError(error)
        }
        let opened = try GGUFFile(bytes: file.bytes, path: path, identity: file.identity)
        do {
            try file.check()
        } catch {
            throw GGUFError(error)
        }
        return opened
    }

    /// Checks bytes that hold a whole file; `path` is only for errors.
    ///
    /// - Throws: `GGUFError` that says what is wrong, where, and what to do.
    package init(bytes: MappedBytes, path: String, identity: FileIdentity? = nil) throws(GGUFError) {
        let header = try bytes.withUnsafeBytes { (raw: UnsafeRawBufferPointer) throws(GGUFError) in
            var parser = GGUFHeaderParser(cursor: GGUFCursor(raw, path: path), source: bytes)
            return try parser.parse()
        }
        let dataStart = header.dataOffset
        guard let tensorData = bytes.slice(offset: dataStart, count: max(0, bytes.count - dataStart)) else {
            throw GGUFError(
                code: .truncated, path: path, byteOffset: bytes.count,
                message: "the file ends \(dataStart - bytes.count) bytes before its tensor data",
                mend: GGUFError.downloadAgain)
        }
        version = header.version
        metadata = header.metadata
        tensors = header.tensors
        alignment = header.alignment
        indices = header.tensorIndices
        self.bytes = bytes
        self.tensorData = tensorData
        self.path = path
        self.identity = identity
    }

    /// Checks a file that was made in memory; `path` is only for errors.
    ///
    /// - Throws: `GGUFError` that says what is wrong, where, and what to do.
    package init(copying bytes: [UInt8], path: String = "") throws(GGUFError) {
        try self.init(bytes: MappedBytes(copying: bytes), path: path)
    }

    /// The directory entry of that name, nil when there is none.
    package func tensor(named name: String) -> GGUFTensor? {
        indices[name].map { tensors[$0] }
    }

    /// The bytes of a tensor.
    ///
    /// - Precondition: the tensor is one of this file's.
    package func bytes(of tensor: GGUFTensor) -> MappedBytes {
        guard let slice = tensorData.slice(offset: tensor.offset, count: tensor.byteCount) else {
            preconditionFailure("tensor \(tensor.name) does not belong to \(path)")
        }
        return slice
    }
}

extension GGUFError {
    /// What could not be opened or mapped.
    init(_ error: FileError) {
        self.init(
            code: error.code == .notFound ? .notFound : .unreadable, path: error.path, message: "cannot open the model",
            mend: error.message)
    }
}
