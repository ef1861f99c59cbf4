package import Formats
package import GGUF

/// Where a stage finds its tensors.
package protocol TensorSource {
    /// The descriptor and the bytes of a tensor, nil when the source has none of that name.
    func tensorData(named name: String) -> (descriptor: GGUFTensor, bytes: MappedBytes)?
}

extension GGUFFile: TensorSource {
    package func tensorData(named name: String) -> (descriptor: GGUFTensor, bytes: MappedBytes)? {
        tensor(named: name).map { ($0, bytes(of: $0)) }
    }
}

/// The tensors of several files, such as a stage's shards. Where a name occurs in several files the first is used.
package struct MergedTensors: TensorSource, Sendable {
    private let files: [GGUFFile]

    /// Merges files.
    package init(_ files: [GGUFFile]) {
        self.files = files
    }

    package func tensorData(named name: String) -> (descriptor: GGUFTensor, bytes: MappedBytes)? {
        for file in files {
            if let found = file.tensorData(named: name) { return found }
        }
        return nil
    }
}
