import GGUF
import Tensors

/// Attention of a layer: from normed rows to rows that are added to the stream.
struct AttentionBlock {
    private let shape: AttentionShape
    private let query: WeightMatrix
    /// None where another layer's keys are read.
    private let key: WeightMatrix?
    /// None where another layer's values are read, or the keys are taken as values.
    private let value: WeightMatrix?
    private let output: WeightMatrix
    private let queryBias: AlignedBuffer?
    private let keyBias: AlignedBuffer?
    private let valueBias: AlignedBuffer?
    private let joinedBias: AlignedBuffer?
    private let queryNorm: HeadNorm?
    private let keyNorm: HeadNorm?
    private let valueNorm: HeadNorm?
    private let sinks: AlignedBuffer?
    private let rope: LayerRope?
    private let attended: Activations
    /// Added to the result by who adds that to the stream.
    let outputBias: AlignedBuffer?

    static func list(_ shape: AttentionShape, width: Int, in list: inout TensorList) {
        if list.contains("\(Names.joined).weight") {
            list.joined(Names.joined, rows: [shape.queryWidth, shape.keyWidth, shape.valueWidth], columns: width)
        } else {
            list.matrix(Names.query, rows: shape.queryWidth, columns: width)
            if shape.sharedLayer == nil {
                list.matrix(Names.key, rows: shape.keyWidth, columns: width)
                if !shape.mayTakeKeysAsValues || list.contains("\(Names.value).weight") {
                    list.matrix(Names.value, rows: shape.valueWidth, columns: width)
                }
            }
        }
        HeadNorm.list(Names.queryNorm, shape.queryKeyNorm, heads: shape.heads, size: shape.keySize, in: &list)
        if shape.sharedLayer == nil {
            HeadNorm.list(
                Names.keyNorm, shape.queryKeyNorm, heads: shape.keyValueHeads, size: shape.keySize, in: &list)
        }
        if shape.hasSinks { list.vector("\(Names.sinks).weight", shape.heads) }
        list.matrix(Names.attentionOutput, rows: width, columns: shape.attendedWidth)
    }

    init<Source>(_ shape: AttentionShape, _ loading: LayerLoading<Source>) throws(ModelError) {
        let loader = loading.loader, width = loading.configuration.width
        self.shape = shape
        if loader.contains("\(Names.joined).weight") {
            let queries = shape.queryWidth, keys = queries + shape.keyWidth, all = keys + shape.valueWidth
            let matrices = try loader.matrices(
                "\(Names.joined).weight", of: [width, all], runs: [0..<queries, queries..<keys, keys..<all])
            (query, key, value) = (matrices[0], matrices[1], matrices[2])
            joinedBias = try loader.optionalVector("\(Names.joined).bias", all)
            (queryBias, keyBias, valueBias) = (nil, nil, nil)
        } else {
            query = try loader.matrix(Names.query, rows: shape.queryWidth, columns: width)
            queryBias = try loader.optionalVector("\(Names.query).bias", shape.queryWidth)
            let keepsKeys = shape.sharedLayer == nil
            let keepsValues = keepsKeys && (!shape.mayTakeKeysAsValues || loader.contains("\(Names.value).weight"))
            key = keepsKeys ? try loader.matrix(Names.key, rows: shape.keyWidth, columns: width) : nil
            keyBias = keepsKeys ? try loader.optionalVector("\(Names.key).bias", shape.keyWidth) : nil
            value = keepsValues ? try loader.matrix(Names.value, rows: shape.valueWidth, columns: width) : nil
            valueBias = keepsValues ? try loader.optionalVector("\(Names.value).bias", shape.valueWidth) : nil
            joinedBias = nil
        }
        queryNorm = try HeadNorm(
            Names.queryNorm, shape.queryKeyNorm, heads: shape.heads, size: shape.keySize, loader: loader)
        keyNorm =
            key == nil
            ? nil
            : try HeadNorm(
                Names.keyNorm, shape.queryKeyNorm, heads: shape.keyValueHeads, size: shape.keySize, loader: loader)
        valueNorm =
            key == nil
            ? nil
            : try shape.valueNorm.map { norm throws(ModelError) in
                try HeadNorm(unweighted: norm, size: shape.valueSize)
            }
        sinks = shape.hasSinks ? try loader.vector("\(Names.sinks).weight", shape.heads) : nil
        output = try loader.matrix(Names.attentionOutput, rows: width, columns: shape.attendedWidth)
        outputBias = try loader.optionalVector("\(Names.attentionOutput).bias", width)
        rope = shape.rope.flatMap { loading.ropes[$0] }
        attended = loading.scratch.attended(columns: shape.attendedWidth)
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int {
        let matrices: [WeightMatrix?] = [query, key, value, output]
        let vectors: [AlignedBuffer?] = [queryBias, keyBias, valueBias, joinedBias, sinks, outputBias]
        return matrices.reduce(0) { $0 + ($1?.byteCount ?? 0) } + vectors.reduce(0) { $0 + $1.byteCount }
            + (queryNorm?.byteCount ?? 0) + (keyNorm?.byteCount ?? 0)
    }

    /// Whether its products take normed rows in int8.
    var takesInt8: Bool { [query, key, value].contains { $0?.takesInt8 ?? false } }

    /// From `scratch.normed` to `scratch.projected`. Keys and values of the batch's rows go into the caches of their sequences, but where
    /// another layer has put its own there.
    func forward(_ batch: StageBatch, cache: KeyValueLayout.Layer, _ run: LayerRun) {
        let rows = batch.rows, scratch = run.scratch
        run.times.measure(.queryKeyValue) {
            run.pool.multiply(
                MatrixProduct(query, output: scratch.queries), key.map { MatrixProduct($0, output: scratch.keys) },
                value.map { MatrixProduct($0, output: scratch.values) }, input: scratch.normed, tokens: rows,
                scratch: scratch.rowScratch)
        }
        run.times.measure(.cache) {
            run.pool.forEachRow(rows) { finish(row: $0, of: batch, cache: cache, scratch: scratch) }
        }
        run.times.measure(.attention) {
            Attention(
                heads: shape.heads, cache: cache, scale: shape.scale, scoreCap: shape.scoreCap, window: shape.window,
                sinks: sinks?.floats, attended: attended
            ).attend(batch, run)
        }
        run.times.measure(.attentionOutput) {
            if output.takesInt8 { run.pool.forEachRow(rows) { attended.quantizeRow($0) } }
            run.pool.multiply(
                MatrixProduct(output, output: scratch.projected), input: attended, tokens: rows,
                scratch: scratch.rowScratch)
        }
    }

    /// Adds biases to a row's queries, keys and values, norms and rotates them, and stores keys and values.
    private func finish(row: Int, of batch: StageBatch, cache: KeyValueLayout.Layer, scratch: StageScratch) {
        let queries = scratch.queries + row * shape.queryWidth
        let position = batch.positions[row]
        let angles = rope.map { scratch.angles(row: row) + $0.offset }
        queryBias.add(to: queries, count: shape.queryWidth)
        if let joinedBias { RowOperations.add(joinedBias.floats, count: shape.queryWidth, to: queries) }
        queryNorm?.apply(queries, width: shape.queryWidth)
        if let rope, let angles {
            rope.rope.rotate(queries, heads: shape.heads, headSize: shape.keySize, angles: angles)
        }
        if let temperature = shape.temperature {
            RowOperations.scale(queries, by: temperature.factor(position: position), count: shape.queryWidth)
        }
        guard key != nil else { return }
        let keys = scratch.keys + row * shape.keyWidth
        let values = scratch.values + row * shape.valueWidth
        keyBias.add(to: keys, count: shape.keyWidth)
        valueBias.add(to: values, count: shape.valueWidth)
        if let joinedBias {
            let bias = joinedBias.floats + shape.queryWidth
            RowOperations.add(bias, count: shape.keyWidth, to: keys)
            RowOperations.add(bias + shape.keyWidth, count: shape.valueWidth, to: values)
        }
        if value == nil { values.update(from: keys, count: shape.valueWidth) }
        keyNorm?.apply(keys, width: shape.keyWidth)
        valueNorm?.apply(values, width: shape.valueWidth)
        if let rope, let angles {
            rope.rope.rotate(keys, heads: shape.keyValueHeads, headSize: shape.keySize, angles: angles)
        }
        let page = batch.page(row: row)
        for head in 0..<shape.keyValueHeads {
            PagedAttention.store(
                key: keys + head * shape.keySize, value: values + head * shape.valueSize, layer: cache, head: head,
                slot: position % KeyValueLayout.positions, page: page)
        }
    }
}

extension AttentionShape.Temperature {
    func factor(position: Int) -> Float {
        let steps = position / max(1, positions)
        guard steps > 0 else { return 1 }
        return Float(1 + Double(scale) * RotaryEmbedding.logarithm(Double(1 + steps)))
    }
}
