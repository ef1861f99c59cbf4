import Formats
import GGUF
import Tensors

/// A mixture of experts: from normed rows to rows that are added to the stream. Only the weights of experts that a row chose are read, and rows
/// that chose the same expert pass it together.
///
/// What a row becomes depends on that row alone: its scores, its choice, and the sum of its experts' results in the order of their scores.
struct ExpertNetwork {
    private let shape: ExpertsShape
    private let width: Int
    private let router: WeightMatrix
    private let routerBias: AlignedBuffer?
    /// Added to scores for the choice alone.
    private let choiceBias: AlignedBuffer?
    private let gates: [WeightMatrix]
    private let ups: [WeightMatrix]
    private let downs: [WeightMatrix]
    private let gateBias: AlignedBuffer?
    private let upBias: AlignedBuffer?
    private let downBias: AlignedBuffer?
    /// What each expert's results are multiplied by.
    private let downScale: AlignedBuffer?
    private let shared: DenseNetwork?
    /// A product of the row whose sigmoid the shared expert's result is multiplied by.
    private let sharedGate: WeightMatrix?
    private let scratch: ExpertScratch
    /// Bytes that are read ahead of the experts' products at a time; nil where all experts are to be in memory.
    private let readAheadBytes: Int?

    static func list(_ shape: ExpertsShape, width: Int, in list: inout TensorList) {
        list.matrix(Names.router, rows: shape.count, columns: width)
        list.vector(Names.choiceBias, shape.count, isOptional: true)
        if list.contains("\(Names.expertGatesAndUps).weight") {
            list.experts(
                Names.expertGatesAndUps, count: shape.count, rows: shape.width, columns: width, matricesEach: 2)
        } else {
            list.experts(Names.expertGates, count: shape.count, rows: shape.width, columns: width)
            list.experts(Names.expertUps, count: shape.count, rows: shape.width, columns: width)
        }
        list.vector(Names.expertScale, shape.count, isOptional: true)
        list.experts(Names.expertDowns, count: shape.count, rows: width, columns: shape.width)
        guard let shared = shape.shared else { return }
        DenseNetwork.list(DenseShape(width: shared.width), suffix: Names.sharedSuffix, width: width, in: &list)
        if shared.isGated { list.matrix(Names.sharedGate, rows: 1, columns: width) }
    }

    init<Source>(_ shape: ExpertsShape, _ loading: LayerLoading<Source>) throws(ModelError) {
        let loader = loading.loader, width = loading.configuration.width
        self.shape = shape
        self.width = width
        router = try loader.matrix(Names.router, rows: shape.count, columns: width)
        routerBias = try loader.optionalVector("\(Names.router).bias", shape.count)
        choiceBias = try loader.optionalVector(Names.choiceBias, shape.count)
        if loader.contains("\(Names.expertGatesAndUps).weight") {
            let both = try loader.experts(
                Names.expertGatesAndUps, count: shape.count, rows: shape.width, columns: width, matricesEach: 2)
            gates = (0..<shape.count).map { both[2 * $0] }
            ups = (0..<shape.count).map { both[2 * $0 + 1] }
        } else {
            gates = try loader.experts(Names.expertGates, count: shape.count, rows: shape.width, columns: width)
            ups = try loader.experts(Names.expertUps, count: shape.count, rows: shape.width, columns: width)
        }
        downScale = try loader.optionalVector(Names.expertScale, shape.count)
        downs = try loader.experts(Names.expertDowns, count: shape.count, rows: width, columns: shape.width)
        gateBias = try loader.optionalVector("\(Names.expertGates).bias", shape.width, shape.count)
        upBias = try loader.optionalVector("\(Names.expertUps).bias", shape.width, shape.count)
        downBias = try loader.optionalVector("\(Names.expertDowns).bias", width, shape.count)
        if let shared = shape.shared {
            self.shared = try DenseNetwork(DenseShape(width: shared.width), suffix: Names.sharedSuffix, loading)
            sharedGate = shared.isGated ? try loader.matrix(Names.sharedGate, rows: 1, columns: width) : nil
        } else {
            (self.shared, sharedGate) = (nil, nil)
        }
        scratch = try loading.scratch.experts(shape)
        readAheadBytes =
            loader.expertsOnDisk
            ? (gates + ups + downs).reduce(0) { $0 + $1.byteCount } / shape.count * shape.used : nil
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int {
        let matrices = gates + ups + downs + [router] + (sharedGate.map { [$0] } ?? [])
        return matrices.reduce(0) { $0 + $1.byteCount } + (shared?.byteCount ?? 0)
            + [routerBias, choiceBias, gateBias, upBias, downBias, downScale].reduce(0) { $0 + $1.byteCount }
    }

    /// Whether its products take normed rows in int8.
    var takesInt8: Bool {
        router.takesInt8 || gates[0].takesInt8 || ups[0].takesInt8 || shared?.takesInt8 ?? false
            || sharedGate?.takesInt8 ?? false
    }

    /// Whether its router takes rows in int8.
    var routesInt8: Bool { router.takesInt8 }

    /// From `scratch.normed` to `output` `[rows, width]`.
    func forward(rows: Int, output: UnsafeMutablePointer<Float>, _ run: LayerRun) {
        route(rows: rows, run)
        compute(rows: rows, output: output, run)
    }

    /// Chooses experts for the rows of `scratch.normed`.
    func route(rows: Int, _ run: LayerRun) {
        run.times.measure(.router) {
            run.pool.multiply(
                MatrixProduct(router, output: scratch.scores), input: run.scratch.normed, tokens: rows,
                scratch: run.scratch.rowScratch)
            run.pool.forEachRow(rows) { choose(row: $0) }
            scratch.group(rows: rows)
        }
    }

    /// From `scratch.normed` to `output` `[rows, width]`, by the experts that were chosen.
    func compute(rows: Int, output: UnsafeMutablePointer<Float>, _ run: LayerRun) {
        readAheadOfRow(rows)
        let slots = rows * shape.used
        run.times.measure(.gateAndUp) {
            let takesInt8 = gates[0].takesInt8 || ups[0].takesInt8
            run.pool.forEachRow(slots) { slot in
                scratch.input.copyRow(
                    from: run.scratch.normed, row: scratch.rowOfSlot[slot], to: slot, quantized: takesInt8)
            }
            scratch.products.removeAll(keepingCapacity: true)
            scratch.forEachExpert { expert, slots in
                scratch.products.append(GroupedProduct(matrix: gates[expert], rows: slots, output: scratch.gates))
                scratch.products.append(GroupedProduct(matrix: ups[expert], rows: slots, output: scratch.ups))
            }
            multiply(rows: rows, input: scratch.input, run)
        }
        run.times.measure(.activation) { run.pool.forEachRow(slots) { activate(slot: $0) } }
        run.times.measure(.down) {
            scratch.products.removeAll(keepingCapacity: true)
            scratch.forEachExpert { expert, slots in
                scratch.products.append(GroupedProduct(matrix: downs[expert], rows: slots, output: scratch.results))
            }
            multiply(rows: rows, input: scratch.gated, run)
        }
        if let shared { shared.forward(rows: rows, output: output, run) }
        if let sharedGate {
            run.pool.multiply(
                MatrixProduct(sharedGate, output: scratch.sharedGates), input: run.scratch.normed, tokens: rows,
                scratch: run.scratch.rowScratch)
        }
        run.times.measure(.router) { run.pool.forEachRow(rows) { combine(row: $0, into: output + $0 * width) } }
    }

    /// Has all that a lone row takes of experts read from the disk at once: what the working set of plans is.
    private func readAheadOfRow(_ rows: Int) {
        guard rows == 1, readAheadBytes != nil else { return }
        scratch.forEachExpert { expert, _ in
            for matrix in [gates[expert], ups[expert], downs[expert]] { matrix.mappedBytes?.readAhead() }
        }
    }

    /// Computes `scratch.products`. Of experts on disk some are read while those before are computed with, never so many that memory for one
    /// row's experts would not take them.
    private func multiply(rows: Int, input: Activations, _ run: LayerRun) {
        guard let readAheadBytes, rows > 1 else {
            run.pool.multiply(scratch.products, input: input, scratch: run.scratch.rowScratch)
            return
        }
        let products = scratch.products
        /// The products from `first` on whose weights are half of what may be read ahead; one at least.
        func part(from first: Int) -> Range<Int> {
            var end = first, bytes = 0
            while end < products.count, end == first || bytes + products[end].matrix.byteCount <= readAheadBytes / 2 {
                bytes += products[end].matrix.byteCount
                end += 1
            }
            return first..<end
        }
        func readAhead(_ part: Range<Int>) {
            for product in products[part] { product.matrix.mappedBytes?.readAhead() }
        }
        var now = part(from: 0)
        readAhead(now)
        while !now.isEmpty {
            let next = part(from: now.upperBound)
            readAhead(next)
            run.pool.multiply(Array(products[now]), input: input, scratch: run.scratch.rowScratch)
            now = next
        }
    }

    /// Turns a row's scores into its experts and their weights.
    private func choose(row: Int) {
        let scores = scratch.scores + row * shape.count
        routerBias.add(to: scores, count: shape.count)
        ExpertChoice(count: shape.used, weighting: shape.weighting, scale: shape.scale, groups: shape.groups).choose(
            logits: scores, experts: shape.count, bias: choiceBias?.floats,
            chosen: scratch.experts + row * shape.used, weights: scratch.weights + row * shape.used)
        guard let downScale else { return }
        for choice in row * shape.used..<(row + 1) * shape.used {
            scratch.weights[choice] *= downScale.floats[scratch.experts[choice]]
        }
    }

    private func activate(slot: Int) {
        let inner = shape.width, expert = scratch.expertOfSlot[slot]
        let gates = scratch.gates + slot * inner, ups = scratch.ups + slot * inner
        if let gateBias { RowOperations.add(gateBias.floats + expert * inner, count: inner, to: gates) }
        if let upBias { RowOperations.add(upBias.floats + expert * inner, count: inner, to: ups) }
        RowOperations.gate(shape.function, gate: gates, up: ups, count: inner, into: scratch.gated.row(slot))
        if downs[0].takesInt8 { scratch.gated.quantizeRow(slot) }
    }

    /// Adds up the results of a row's experts, in the order of their scores.
    private func combine(row: Int, into output: UnsafeMutablePointer<Float>) {
        if shared == nil {
            output.update(repeating: 0, count: width)
        } else if sharedGate != nil {
            let gate = scratch.sharedGates + row
            RowOperations.activate(.sigmoid, gate, count: 1)
            RowOperations.scale(output, by: gate[0], count: width)
        }
        for choice in row * shape.used..<(row + 1) * shape.used {
            let slot = scratch.slotOfChoice[choice], result = scratch.results + slot * width
            if let downBias {
                RowOperations.add(downBias.floats + scratch.experts[choice] * width, count: width, to: result)
            }
            RowOperations.add(result, scaledBy: scratch.weights[choice], count: width, to: output)
        }
    }
}
