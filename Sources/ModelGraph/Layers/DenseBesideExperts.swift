import GGUF
import Tensors

/// A network that all rows take and experts beside it (Gemma 4): each takes rows of the stream with a norm of its own, each result is normed, and
/// both are added. The router's rows are normed without weights, and multiplied by its scale / sqrt(width).
struct DenseBesideExperts {
    private let dense: DenseNetwork
    private let experts: ExpertNetwork
    private let routerNorm: Norm
    private let expertsNorm: Norm
    private let denseResultNorm: Norm
    private let expertsResultNorm: Norm
    private let width: Int
    /// Results of the dense network `[rows, width]`.
    private let beside: UnsafeMutablePointer<Float>

    static func list(
        _ dense: DenseShape, _ experts: ExpertsShape, _ norm: NormShape, width: Int, in list: inout TensorList
    ) {
        DenseNetwork.list(dense, width: width, in: &list)
        ExpertNetwork.list(experts, width: width, in: &list)
        list.vector(Names.routerScale, width)
        for name in [Names.expertsNorm, Names.besideResultNorm, Names.expertsResultNorm] {
            list.norm(name, norm, width)
        }
    }

    init<Source>(
        _ dense: DenseShape, _ experts: ExpertsShape, _ norm: NormShape, _ loading: LayerLoading<Source>
    ) throws(ModelError) {
        let loader = loading.loader, width = loading.configuration.width
        self.width = width
        self.dense = try DenseNetwork(dense, loading)
        self.experts = try ExpertNetwork(experts, loading)
        let scale = try loader.vector(Names.routerScale, width)
        RowOperations.scale(scale.floats, by: 1 / Float(width).squareRoot(), count: width)
        routerNorm = Norm(norm, weight: scale, count: width)
        expertsNorm = try Norm(Names.expertsNorm, norm, count: width, loader: loader)
        denseResultNorm = try Norm(Names.besideResultNorm, norm, count: width, loader: loader)
        expertsResultNorm = try Norm(Names.expertsResultNorm, norm, count: width, loader: loader)
        beside = try loading.scratch.besideExperts()
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int {
        dense.byteCount + experts.byteCount
            + [routerNorm, expertsNorm, denseResultNorm, expertsResultNorm].reduce(0) { $0 + $1.byteCount }
    }

    /// Whether the dense network takes normed rows in int8.
    var takesInt8: Bool { dense.takesInt8 }

    /// From `scratch.normed`, which holds the dense network's rows, and `scratch.stream` to `output` `[rows, width]`.
    func forward(rows: Int, output: UnsafeMutablePointer<Float>, _ run: LayerRun) {
        dense.forward(rows: rows, output: output, run)
        run.times.measure(.feedForwardNorm) {
            run.pool.forEachRow(rows) { row in
                let result = output + row * width
                dense.downBias.add(to: result, count: width)
                denseResultNorm.apply(result, into: beside + row * width)
                enter(row, norm: routerNorm, quantizes: experts.routesInt8, run.scratch)
            }
        }
        experts.route(rows: rows, run)
        run.times.measure(.feedForwardNorm) {
            run.pool.forEachRow(rows) { enter($0, norm: expertsNorm, quantizes: experts.takesInt8, run.scratch) }
        }
        experts.compute(rows: rows, output: output, run)
        run.times.measure(.feedForwardNorm) {
            run.pool.forEachRow(rows) { row in
                let result = output + row * width
                expertsResultNorm.apply(result, into: result)
                RowOperations.add(beside + row * width, count: width, to: result)
            }
        }
    }

    /// Makes the row of `scratch.normed` from the stream's.
    private func enter(_ row: Int, norm: Norm, quantizes: Bool, _ scratch: StageScratch) {
        norm.apply(scratch.stream + row * width, into: scratch.normed.row(row))
        if quantizes { scratch.normed.quantizeRow(row) }
    }
}
