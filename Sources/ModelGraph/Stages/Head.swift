import GGUF
import Tensors

/// The final norm and the matrix from activations to logits `[vocabulary, width]`, which may be the embedding's (tied).
struct Head {
    let isTied: Bool
    private let norm: Norm
    private let matrix: WeightMatrix
    private let bias: AlignedBuffer?
    private let shape: LogitShape

    /// The tensors of a head, as far as a file has them: it is tied when it has no `output.weight`.
    static func list(_ configuration: ModelConfiguration, in list: inout TensorList) {
        list.norm(TensorNames.finalNorm, configuration.finalNorm, configuration.width)
        if list.contains(TensorNames.headMatrix) {
            list.matrix(TensorNames.head, rows: configuration.vocabulary, columns: configuration.width)
        } else {
            list.add(
                TensorNeed(
                    name: TensorNames.embeddingMatrix, dimensions: [configuration.width, configuration.vocabulary],
                    matrices: [0..<configuration.vocabulary]))
        }
    }

    init<Source>(_ configuration: ModelConfiguration, loader: TensorLoader<Source>) throws(ModelError) {
        let name = TensorNames.headMatrix
        isTied = !loader.contains(name)
        norm = try Norm(
            TensorNames.finalNorm, configuration.finalNorm, count: configuration.width, loader: loader)
        matrix = try loader.matrices(
            isTied ? TensorNames.embeddingMatrix : name, of: [configuration.width, configuration.vocabulary],
            runs: [0..<configuration.vocabulary])[0]
        bias = isTied ? nil : try loader.optionalVector("\(TensorNames.head).bias", configuration.vocabulary)
        shape = configuration.logits
    }

    var byteCount: Int { norm.byteCount + matrix.byteCount + bias.byteCount }

    /// Logits of the first `rows` rows of `scratch.stream` into `logits` `[rows, vocabulary]`.
    func forward(
        rows: Int, configuration: ModelConfiguration, scratch: StageScratch, pool: ThreadPool,
        logits: UnsafeMutablePointer<Float>
    ) {
        pool.forEachRow(rows) { row in
            norm.apply(scratch.stream + row * configuration.width, into: scratch.normed.row(row))
            if matrix.takesInt8 { scratch.normed.quantizeRow(row) }
        }
        pool.multiply(
            MatrixProduct(matrix, output: logits), input: scratch.normed, tokens: rows, scratch: scratch.rowScratch)
        guard bias != nil || shape != LogitShape() else { return }
        pool.forEachRow(rows) { row in
            let count = configuration.vocabulary, values = logits + row * count
            bias.add(to: values, count: count)
            if shape.scale != 1 { RowOperations.scale(values, by: shape.scale, count: count) }
            if let cap = shape.cap { RowOperations.softCap(values, cap: cap, count: count) }
        }
    }
}
