package import Formats

/// A GGUF file, versions 2 and 3, little-endian: metadata, tensor directory and the tensors' bytes. A model that is split into several
/// files is one `GGUFFile` (`openModel`).
///
/// Only headers are read on opening; tensors stay in the mapped files. Format: ggml's `docs/gguf.md`.
///
/// Thread safety: immutable, may be read from any thread.
package struct GGUFFile: Sendable {
    /// The format version, 2 or 3.
    package let version: Int
    /// Keys with values; of a split model its first file's.
    package let metadata: GGUFMetadata
    /// The tensor directory in file order; every name occurs once, every tensor lies in its file, none overlaps another.
    package let tensors: [GGUFTensor]
    /// The multiple that every tensor's offset is of, in bytes; a power of two. Later files of a split model may have others.
    package let alignment: Int
    /// The files that it is made of, in order: one, or those of a split model.
    package let parts: [GGUFPart]
    /// The path as it was given; of a split model its first file's.
    package let path: String
    /// What the file was when it was mapped, nil for bytes in memory. A split model's is of all its files.
    package let identity: FileIdentity?
    private let indices: [String: Int]

    /// Maps and checks the one file at `path`, which may be any file of a split model. A model is opened with `openModel`.
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
        parts = [GGUFPart(path: path, bytes: bytes, tensorData: tensorData)]
        self.path = path
        self.identity = identity
    }

    /// Takes the files of a split model, which fit each other, as one.
    ///
    /// - Precondition: no name of a tensor occurs twice.
    init(merging files: [GGUFFile]) {
        let first = files[0]
        version = first.version
        metadata = first.metadata
        alignment = first.alignment
        path = first.path
        parts = files.flatMap(\.parts)
        tensors = files.enumerated().flatMap { part, file in file.tensors.map { GGUFTensor($0, part: part) } }
        indices = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
        let identities = files.compactMap(\.identity)
        identity = identities.count == files.count ? FileIdentity(of: identities) : nil
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

    /// All of the file; of a split model only of its first, see `parts`.
    package var bytes: MappedBytes { parts[0].bytes }

    /// The tensor data section, from its aligned start to the end of the file; of a split model only its first file's, see `parts`.
    package var tensorData: MappedBytes { parts[0].tensorData }

    /// The size of all files together, in bytes.
    package var byteCount: Int { parts.reduce(0) { $0 + $1.bytes.count } }

    /// To be called after something was read, before anything comes of it.
    ///
    /// - Throws: `FileError` (damaged) when a file was made shorter or written to since it was mapped.
    package func check() throws(FileError) {
        for part in parts { try part.bytes.check() }
    }

    /// The bytes of a tensor.
    ///
    /// - Precondition: the tensor is one of this file's.
    package func bytes(of tensor: GGUFTensor) -> MappedBytes {
        guard parts.indices.contains(tensor.part),
            let slice = parts[tensor.part].tensorData.slice(offset: tensor.offset, count: tensor.byteCount)
        else {
            preconditionFailure("tensor \(tensor.name) does not belong to \(path)")
        }
        return slice
    }
}

/// One of the files that a model is made of.
package struct GGUFPart: Sendable {
    /// Its path.
    package let path: String
    /// All of it.
    package let bytes: MappedBytes
    /// Its tensor data section: from the aligned start to the end of the file.
    package let tensorData: MappedBytes
}

extension GGUFError {
    /// What could not be opened or mapped.
    init(_ error: FileError) {
        self.init(
            code: error.code == .notFound ? .notFound : .unreadable, path: error.path, message: "cannot open the model",
            mend: error.message)
    }
}
