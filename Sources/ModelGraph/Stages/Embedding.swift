import Formats
import GGUF
import Tensors

/// A table of rows for tokens `[vocabulary, width]`, mapped: only rows that are looked up are ever resident.
struct EmbeddingTable {
    private let bytes: MappedBytes
    private let type: ElementType
    private let rowBytes: Int
    private let width: Int
    /// Rows are multiplied by this.
    private let scale: Float

    init<Source>(
        _ name: String, width: Int, vocabulary: Int, scale: Float, loader: TensorLoader<Source>
    ) throws(ModelError) {
        let (descriptor, bytes) = try loader.find(name)
        guard descriptor.dimensions == [width, vocabulary] else {
            throw ModelError(
                code: .invalidTensor,
                message: "tensor \(descriptor.name) has shape \(descriptor.dimensions), the model's metadata asks for "
                    + "\([width, vocabulary])",
                mend: "the file is damaged or was converted wrongly, download or convert it again")
        }
        guard Kernels.canDequantize(descriptor.type) else {
            throw ModelError(.unsupportedType(tensor: descriptor.name, type: descriptor.type))
        }
        guard let rowBytes = descriptor.type.byteCount(elements: width) else {
            throw ModelError(
                .columnsNotWholeBlocks(tensor: descriptor.name, type: descriptor.type, columns: width))
        }
        guard bytes.count == rowBytes * vocabulary else {
            throw ModelError(
                .wrongSize(tensor: descriptor.name, expected: rowBytes * vocabulary, found: bytes.count))
        }
        self.bytes = bytes
        loader.tally.uses(bytes)
        self.rowBytes = rowBytes
        type = descriptor.type
        self.width = width
        self.scale = scale
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

/// What makes a batch's tokens into rows of the stream, and of what layers get beside it.
struct Embedding {
    /// Of the stream; what a tied head multiplies by.
    let table: EmbeddingTable
    let inputs: TokenInputs?

    init<Source>(
        _ configuration: ModelConfiguration, rows: Int, loader: TensorLoader<Source>
    ) throws(ModelError) {
        table = try EmbeddingTable(
            TensorNames.embeddingMatrix, width: configuration.width, vocabulary: configuration.vocabulary,
            scale: configuration.embeddingScale, loader: loader)
        inputs = try TokenInputs(configuration, rows: rows, loader: loader)
    }

    /// Fills `scratch.stream` and `scratch.sides`.
    func look(
        up tokens: UnsafeBufferPointer<UInt32>.SubSequence, width: Int, scratch: StageScratch, pool: ThreadPool
    ) {
        for (row, token) in tokens.enumerated() { table.look(up: Int(token), into: scratch.stream + row * width) }
        inputs?.forward(tokens, scratch: scratch, pool: pool)
    }
}
