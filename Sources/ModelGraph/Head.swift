import Tensors

/// The final norm and the matrix from activations to logits `[vocabulary, width]`, which may be the embedding's (tied).
struct Head {
    let isTied: Bool
    private let norm: AlignedBuffer
    private let matrix: WeightMatrix

    init<Source>(_ configuration: ModelConfiguration, loader: TensorLoader<Source>) throws(ModelError) {
        isTied = loader.source.tensorData(named: TensorNames.head) == nil
        norm = try loader.vector(TensorNames.finalNorm, count: configuration.width)
        matrix = try loader.matrix(
            isTied ? TensorNames.embedding : TensorNames.head, rows: configuration.vocabulary,
            columns: configuration.width)
    }

    var byteCount: Int { norm.bytes.count + matrix.byteCount }

    /// Logits of the first `rows` rows of `scratch.stream` into `logits` `[rows, vocabulary]`.
    func forward(
        rows: Int, configuration: ModelConfiguration, scratch: StageScratch, pool: ThreadPool,
        logits: UnsafeMutablePointer<Float>
    ) {
        pool.forEachRow(rows) { row in
            RowOperations.rmsNorm(
                scratch.stream + row * configuration.width, weight: norm.floats, count: configuration.width,
                epsilon: configuration.normEpsilon, into: scratch.normed.row(row))
            if matrix.takesInt8 { scratch.normed.quantizeRow(row) }
        }
        pool.multiply(
            MatrixProduct(matrix, output: logits), input: scratch.normed, tokens: rows, scratch: scratch.rowScratch)
    }
}
