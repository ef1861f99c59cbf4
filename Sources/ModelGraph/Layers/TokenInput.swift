import GGUF
import Tensors

/// What a layer adds of its own row of the token: x + norm(projection(function(gate(x)) · row)).
struct TokenInput {
    private let shape: TokenInputShape
    private let gate: WeightMatrix
    private let projection: WeightMatrix
    private let gated: Activations
    /// Where the layer's elements begin in a row of `scratch.sides`, and the elements of such a row.
    private let offset: Int
    private let stride: Int
    /// Of what is added.
    let norm: Norm

    static func list(_ shape: TokenInputShape, width: Int, in list: inout TensorList) {
        list.matrix(Names.tokenInputGate, rows: shape.width, columns: width)
        list.matrix(Names.tokenInputProjection, rows: width, columns: shape.width)
        list.norm(Names.tokenInputNorm, shape.norm, width)
    }

    init<Source>(_ shape: TokenInputShape, _ loading: LayerLoading<Source>) throws(ModelError) {
        let width = loading.configuration.width
        self.shape = shape
        gate = try loading.loader.matrix(Names.tokenInputGate, rows: shape.width, columns: width)
        projection = try loading.loader.matrix(Names.tokenInputProjection, rows: width, columns: shape.width)
        norm = try Norm(Names.tokenInputNorm, shape.norm, count: width, loader: loading.loader)
        gated = loading.scratch.gated(columns: shape.width)
        offset = (loading.layer - loading.firstLayer) * shape.width
        stride = loading.configuration.sideWidth(before: loading.firstLayer)
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int { gate.byteCount + projection.byteCount + norm.byteCount }

    /// Whether its products take rows of the stream in int8.
    var takesInt8: Bool { gate.takesInt8 }

    /// From `scratch.normed`, which holds the stream, to `scratch.projected`.
    func forward(rows: Int, _ run: LayerRun) {
        let scratch = run.scratch
        run.pool.multiply(
            MatrixProduct(gate, output: scratch.gates), input: scratch.normed, tokens: rows,
            scratch: scratch.rowScratch)
        run.pool.forEachRow(rows) { row in
            RowOperations.gate(
                shape.function, gate: scratch.gates + row * shape.width, up: scratch.sides + row * stride + offset,
                count: shape.width, into: gated.row(row))
            if projection.takesInt8 { gated.quantizeRow(row) }
        }
        run.pool.multiply(
            MatrixProduct(projection, output: scratch.projected), input: gated, tokens: rows,
            scratch: scratch.rowScratch)
    }
}
