import Formats
package import GGUF

/// A model cut into several files, as llama.cpp's gguf-split cuts it: the first has all metadata, the others what says whose part they are.
package struct SplitModel: Sendable {
    /// The metadata of each file, then its tensors and their bytes; a test may change them.
    package struct Part: Sendable {
        package var metadata: [(key: String, value: GGUFValue)]
        package var tensors: [(tensor: GGUFWriter.Tensor, bytes: [UInt8])]

        /// The whole file.
        package func file() throws(GGUFError) -> [UInt8] {
            try GGUFWriter(metadata: metadata, tensors: tensors.map(\.tensor)).file(contents: tensors.map(\.bytes))
        }

        /// Changes the value of a key that is there.
        package mutating func set(_ key: String, _ value: GGUFValue) {
            for index in metadata.indices where metadata[index].key == key { metadata[index].value = value }
        }
    }

    package var parts: [Part]

    /// Cuts a model.
    ///
    /// - Parameter counts: how many tensors each file gets; what is left goes to a last one.
    package init(_ file: GGUFFile, tensors counts: [Int]) {
        var rest = file.tensors[...]
        var groups: [[GGUFTensor]] = []
        for count in counts {
            groups.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        groups.append(Array(rest))
        parts = groups.enumerated().map { index, tensors in
            Part(
                metadata: (index == 0 ? file.metadata.entries : []) + [
                    ("split.no", .uint16(UInt16(index))), ("split.count", .uint16(UInt16(groups.count))),
                    ("split.tensors.count", .int32(Int32(file.tensors.count))),
                ],
                tensors: tensors.map { tensor in
                    (
                        .init(name: tensor.name, type: tensor.type, dimensions: tensor.dimensions),
                        file.bytes(of: tensor).withUnsafeBytes { Array($0) }
                    )
                })
        }
    }

    /// Cuts a tiny model into three files.
    package init(_ model: TinyModel = TinyModel()) throws(GGUFError) {
        self.init(try GGUFFile(copying: model.file()), tensors: [10, 17])
    }

    /// The names that the files have, in order.
    package func names(_ name: String = "tiny") -> [String] {
        parts.indices.map { "\(name)-0000\($0 + 1)-of-0000\(parts.count).gguf" }
    }

    /// The model, read from memory.
    ///
    /// - Parameter folder: what paths begin with, for errors.
    package func open(in folder: String = "") throws(GGUFError) -> GGUFFile {
        var files: [String: [UInt8]] = [:]
        for (name, part) in zip(names(), parts) { files[folder + name] = try part.file() }
        return try Self.open(files, first: folder + names()[0])
    }

    /// A model of files in memory, by their paths.
    package static func open(_ files: [String: [UInt8]], first: String) throws(GGUFError) -> GGUFFile {
        try GGUFFile.openModel(path: first) { (path) throws(GGUFError) in
            guard let bytes = files[path] else {
                throw GGUFError(code: .notFound, path: path, message: "no such file", mend: "check the path")
            }
            return try GGUFFile(copying: bytes, path: path)
        }
    }
}
