import Formats
import GGUF
import Tensors

/// The table of token embeddings `[vocabulary, width]`, mapped: only rows that are looked up are ever resident.
struct Embedding {
    private let bytes: MappedBytes
    private let type: ElementType
    private let rowBytes: Int
    private let width: Int
    /// Rows are multiplied by this.
    private let scale: Float

    init<Source>(_ configuration: ModelConfiguration, loader: TensorLoader<Source>) throws(ModelError) {
        let (descriptor, bytes) = try loader.find(TensorNames.embedding)
        guard descriptor.dimensions == [configuration.width, configuration.vocabulary] else {
            throw ModelError(
                code: .invalidTensor,
                message: "tensor \(descriptor.name) has shape \(descriptor.dimensions), the model's metadata asks for "
                    + "\([configuration.width, configuration.vocabulary])",
                mend: "the file is damaged or was converted wrongly, download or convert it again")
        }
        guard Kernels.canDequantize(descriptor.type) else {
            throw ModelError(.unsupportedType(tensor: descriptor.name, type: descriptor.type))
        }
        guard let rowBytes = descriptor.type.byteCount(elements: configuration.width) else {
            throw ModelError(
                .columnsNotWholeBlocks(tensor: descriptor.name, type: descriptor.type, columns: configuration.width))
        }
        guard bytes.count == rowBytes * configuration.vocabulary else {
            throw ModelError(
                .wrongSize(tensor: descriptor.name, expected: rowBytes * configuration.vocabulary, found: bytes.count))
        }
        self.bytes = bytes
        loader.tally.uses(bytes)
        self.rowBytes = rowBytes
        type = descriptor.type
        width = configuration.width
        scale = configuration.embeddingScale
    }

    var byteCount: Int { bytes.count }

    /// Writes the row of a token, which the caller has checked.
    func look(up token: Int, into row: UnsafeMutablePointer<Float>) {
        bytes.withUnsafeBytes { raw in
            Kernels.dequantize(
                type: type, bytes: UnsafeRawBufferPointer(rebasing: raw[token * rowBytes..<(token + 1) * rowBytes]),
                into: UnsafeMutableBufferPointer(start: row, count: width))
        }
        if scale != 1 { RowOperations.scale(row, by: scale, count: width) }
    }
}
