import Tensors

/// Attention of a layer: from normed rows to rows that are added to the stream.
struct AttentionBlock {
    private let shape: AttentionShape
    private let query: WeightMatrix
    private let key: WeightMatrix
    private let value: WeightMatrix
    private let output: WeightMatrix
    private let queryBias: AlignedBuffer?
    private let keyBias: AlignedBuffer?
    private let valueBias: AlignedBuffer?
    private let joinedBias: AlignedBuffer?
    private let queryNorm: HeadNorm?
    private let keyNorm: HeadNorm?
    private let sinks: AlignedBuffer?
    private let rope: LayerRope?
    private let attended: Activations
    /// Added to the result by who adds that to the stream.
    let outputBias: AlignedBuffer?

    static func list(_ shape: AttentionShape, width: Int, in list: inout TensorList) {
        if list.contains("attn_qkv.weight") {
            list.joined("attn_qkv", rows: [shape.queryWidth, shape.keyWidth, shape.valueWidth], columns: width)
        } else {
            list.matrix("attn_q", rows: shape.queryWidth, columns: width)
            list.matrix("attn_k", rows: shape.keyWidth, columns: width)
            list.matrix("attn_v", rows: shape.valueWidth, columns: width)
        }
        HeadNorm.list("attn_q_norm", shape.queryKeyNorm, heads: shape.heads, size: shape.keySize, in: &list)
        HeadNorm.list("attn_k_norm", shape.queryKeyNorm, heads: shape.keyValueHeads, size: shape.keySize, in: &list)
        if shape.hasSinks { list.vector("attn_sinks.weight", shape.heads) }
        list.matrix("attn_output", rows: width, columns: shape.attendedWidth)
    }

    init<Source>(_ shape: AttentionShape, _ loading: LayerLoading<Source>) throws(ModelError) {
        let loader = loading.loader, width = loading.configuration.width
        self.shape = shape
        if loader.contains("attn_qkv.weight") {
            let queries = shape.queryWidth, keys = queries + shape.keyWidth, all = keys + shape.valueWidth
            let matrices = try loader.matrices(
                "attn_qkv.weight", of: [width, all], runs: [0..<queries, queries..<keys, keys..<all])
            (query, key, value) = (matrices[0], matrices[1], matrices[2])
            joinedBias = try loader.optionalVector("attn_qkv.bias", all)
            (queryBias, keyBias, valueBias) = (nil, nil, nil)
        } else {
            query = try loader.matrix("attn_q", rows: shape.queryWidth, columns: width)
            key = try loader.matrix("attn_k", rows: shape.keyWidth, columns: width)
            value = try loader.matrix("attn_v", rows: shape.valueWidth, columns: width)
            queryBias = try loader.optionalVector("attn_q.bias", shape.queryWidth)
            keyBias = try loader.optionalVector("attn_k.bias", shape.keyWidth)
            valueBias = try loader.optionalVector("attn_v.bias", shape.valueWidth)
            joinedBias = nil
        }
        queryNorm = try HeadNorm(
            "attn_q_norm", shape.queryKeyNorm, heads: shape.heads, size: shape.keySize, loader: loader)
        keyNorm = try HeadNorm(
            "attn_k_norm", shape.queryKeyNorm, heads: shape.keyValueHeads, size: shape.keySize, loader: loader)
        sinks = shape.hasSinks ? try loader.vector("attn_sinks.weight", shape.heads) : nil
        output = try loader.matrix("attn_output", rows: width, columns: shape.attendedWidth)
        outputBias = try loader.optionalVector("attn_output.bias", width)
        rope = shape.rope.flatMap { loading.ropes[$0] }
        attended = loading.scratch.attended(columns: shape.attendedWidth)
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int {
        [query, key, value, output].reduce(0) { $0 + $1.byteCount }
            + [queryBias, keyBias, valueBias, joinedBias, sinks, outputBias].reduce(0) { $0 + $1.byteCount }
            + (queryNorm?.byteCount ?? 0) + (keyNorm?.byteCount ?? 0)
    }

    /// Whether its products take normed rows in int8.
    var takesInt8: Bool { query.takesInt8 || key.takesInt8 || value.takesInt8 }

    /// From `scratch.normed` to `scratch.projected`. Keys and values of the batch's rows go into the caches of their sequences.
    func forward(_ batch: StageBatch, cache: KeyValueLayout.Layer, _ run: LayerRun) {
        let rows = batch.rows, scratch = run.scratch
        run.times.measure(.queryKeyValue) {
            run.pool.multiply(
                MatrixProduct(query, output: scratch.queries), MatrixProduct(key, output: scratch.keys),
                MatrixProduct(value, output: scratch.values), input: scratch.normed, tokens: rows,
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
        let keys = scratch.keys + row * shape.keyWidth
        let values = scratch.values + row * shape.valueWidth
        queryBias.add(to: queries, count: shape.queryWidth)
        keyBias.add(to: keys, count: shape.keyWidth)
        valueBias.add(to: values, count: shape.valueWidth)
        if let joinedBias {
            let bias = joinedBias.floats
            RowOperations.add(bias, count: shape.queryWidth, to: queries)
            RowOperations.add(bias + shape.queryWidth, count: shape.keyWidth, to: keys)
            RowOperations.add(bias + shape.queryWidth + shape.keyWidth, count: shape.valueWidth, to: values)
        }
        queryNorm?.apply(queries, width: shape.queryWidth)
        keyNorm?.apply(keys, width: shape.keyWidth)
        if let rope {
            let angles = scratch.angles(row: row) + rope.offset
            rope.rope.rotate(queries, heads: shape.heads, headSize: shape.keySize, angles: angles)
            rope.rope.rotate(keys, heads: shape.keyValueHeads, headSize: shape.keySize, angles: angles)
        }
        let position = batch.positions[row]
        if let temperature = shape.temperature {
            RowOperations.scale(queries, by: temperature.factor(position: position), count: shape.queryWidth)
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
