import GGUF
import Tensors

/// A network that all rows take: from normed rows to rows that are added to the stream.
struct DenseNetwork {
    private let shape: DenseShape
    private let gate: WeightMatrix?
    private let up: WeightMatrix
    private let down: WeightMatrix
    private let gateBias: AlignedBuffer?
    private let upBias: AlignedBuffer?
    private let gated: Activations
    /// Added to the result by who adds that to the stream.
    let downBias: AlignedBuffer?

    /// - Parameter suffix: what names end with: "_shexp" for a shared expert.
    static func list(_ shape: DenseShape, suffix: String = "", width: Int, in list: inout TensorList) {
        switch shape.function {
        case .gated where list.contains("\(Names.gate)\(suffix).weight"):
            list.matrix("\(Names.gate)\(suffix)", rows: shape.width, columns: width)
            list.matrix("\(Names.up)\(suffix)", rows: shape.width, columns: width)
        case .gated: list.joined("\(Names.up)\(suffix)", rows: [shape.width, shape.width], columns: width)
        case .plain: list.matrix("\(Names.up)\(suffix)", rows: shape.width, columns: width)
        }
        list.matrix("\(Names.down)\(suffix)", rows: width, columns: shape.width)
    }

    init<Source>(
        _ shape: DenseShape, suffix: String = "", _ loading: LayerLoading<Source>
    ) throws(ModelError) {
        let loader = loading.loader, width = loading.configuration.width, inner = shape.width
        self.shape = shape
        let (gateName, upName) = ("\(Names.gate)\(suffix)", "\(Names.up)\(suffix)")
        switch shape.function {
        case .gated where loader.contains("\(gateName).weight"):
            gate = try loader.matrix(gateName, rows: inner, columns: width)
            up = try loader.matrix(upName, rows: inner, columns: width)
            gateBias = try loader.optionalVector("\(gateName).bias", inner)
            upBias = try loader.optionalVector("\(upName).bias", inner)
        case .gated:
            // Joined: the gate's rows come first.
            let both = try loader.matrices(
                "\(upName).weight", of: [width, 2 * inner], runs: [0..<inner, inner..<2 * inner])
            (gate, up) = (both[0], both[1])
            guard !loader.contains("\(upName).bias") else {
                throw ModelError(
                    code: .unsupportedFeature, message: "a bias of gate and up in one tensor", mend: "use another model"
                )
            }
            (gateBias, upBias) = (nil, nil)
        case .plain:
            gate = nil
            up = try loader.matrix(upName, rows: inner, columns: width)
            gateBias = nil
            upBias = try loader.optionalVector("\(upName).bias", inner)
        }
        down = try loader.matrix("\(Names.down)\(suffix)", rows: width, columns: inner)
        downBias = try loader.optionalVector("\(Names.down)\(suffix).bias", width)
        gated = loading.scratch.gated(columns: inner)
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int {
        (gate?.byteCount ?? 0) + up.byteCount + down.byteCount
            + [gateBias, upBias, downBias].reduce(0) { $0 + $1.byteCount }
    }

    /// Whether its products take normed rows in int8.
    var takesInt8: Bool { gate?.takesInt8 ?? false || up.takesInt8 }

    /// From `scratch.normed` to `output` `[rows, width]`.
    func forward(rows: Int, output: UnsafeMutablePointer<Float>, _ run: LayerRun) {
        let scratch = run.scratch
        run.times.measure(.gateAndUp) {
            let ups = MatrixProduct(up, output: scratch.ups)
            let gates = gate.map { MatrixProduct($0, output: scratch.gates) }
            run.pool.multiply(
                gates ?? ups, gates == nil ? nil : ups, input: scratch.normed, tokens: rows,
                scratch: scratch.rowScratch)
        }
        run.times.measure(.activation) {
            run.pool.forEachRow(rows) { activate(row: $0, scratch: scratch) }
        }
        run.times.measure(.down) {
            run.pool.multiply(
                MatrixProduct(down, output: output), input: gated, tokens: rows, scratch: scratch.rowScratch)
        }
    }

    private func activate(row: Int, scratch: StageScratch) {
        let inner = shape.width, gates = scratch.gates + row * inner, ups = scratch.ups + row * inner
        gateBias.add(to: gates, count: inner)
        upBias.add(to: ups, count: inner)
        switch shape.function {
        case .gated(let function):
            RowOperations.gate(function, gate: gates, up: ups, count: inner, into: gated.row(row))
        case .plain(let function):
            gated.row(row).update(from: ups, count: inner)
            RowOperations.activate(function, gated.row(row), count: inner)
        }
        if down.takesInt8 { gated.quantizeRow(row) }
    }
}
