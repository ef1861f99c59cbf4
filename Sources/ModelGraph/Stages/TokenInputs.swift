import GGUF
import Tensors

/// Makes the rows that each layer gets of a token, beside the stream (Gemma 3n and 4: "per-layer embeddings"):
///
///     (rms(projection(x) / sqrt(width)) + sqrt(input width) · table(token)) / sqrt(2)
///
/// where x is the token's scaled embedding, and the norm takes each layer's elements by themselves.
struct TokenInputs {
    private let table: EmbeddingTable
    private let projection: WeightMatrix
    private let norm: Norm
    private let width: Int
    private let inputWidth: Int
    /// Rows of the table, of a batch `[rows, layers * inputWidth]`.
    private let found: AlignedBuffer

    static func list(_ configuration: ModelConfiguration, in list: inout TensorList) {
        guard let input = configuration.tokenInput else { return }
        let all = input.width * configuration.layers
        list.add(TensorNeed(name: TensorNames.tokenInputMatrix, dimensions: [all, configuration.vocabulary]))
        list.matrix(TensorNames.tokenInputProjection, rows: all, columns: configuration.width)
        list.norm(TensorNames.tokenInputNorm, input.norm, input.width)
    }

    /// - Returns: nil for a model without.
    init?<Source>(_ configuration: ModelConfiguration, rows: Int, loader: TensorLoader<Source>) throws(ModelError) {
        guard let input = configuration.tokenInput else { return nil }
        let all = input.width * configuration.layers
        table = try EmbeddingTable(
            TensorNames.tokenInputMatrix, width: all, vocabulary: configuration.vocabulary,
            scale: Float(input.width).squareRoot(), loader: loader)
        projection = try loader.matrix(
            TensorNames.tokenInputProjection, rows: all, columns: configuration.width)
        norm = try Norm(TensorNames.tokenInputNorm, input.norm, count: input.width, loader: loader)
        width = configuration.width
        inputWidth = input.width
        do {
            found = try AlignedBuffer(floats: rows * all)
        } catch {
            throw ModelError(error)
        }
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int { table.byteCount + projection.byteCount + norm.byteCount }

    /// From `scratch.stream`, which holds the embeddings of these tokens, to `scratch.sides`.
    func forward(_ tokens: UnsafeBufferPointer<UInt32>.SubSequence, scratch: StageScratch, pool: ThreadPool) {
        let all = projection.rows
        pool.forEachRow(tokens.count) { row in
            scratch.normed.row(row).update(from: scratch.stream + row * width, count: width)
            if projection.takesInt8 { scratch.normed.quantizeRow(row) }
        }
        pool.multiply(
            MatrixProduct(projection, output: scratch.sides), input: scratch.normed, tokens: tokens.count,
            scratch: scratch.rowScratch)
        pool.forEachRow(tokens.count) { row in
            let side = scratch.sides + row * all, found = found.floats + row * all
            table.look(up: Int(tokens[tokens.startIndex + row]), into: found)
            RowOperations.scale(side, by: 1 / Float(width).squareRoot(), count: all)
            for first in stride(from: 0, to: all, by: inputWidth) { norm.apply(side + first, into: side + first) }
            RowOperations.add(found, count: all, to: side)
            RowOperations.scale(side, by: Float(0.5).squareRoot(), count: all)
        }
    }
}
