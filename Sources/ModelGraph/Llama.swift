import Tensors

/// One layer of the llama architecture (Touvron et al., "LLaMA"): x + attention(norm(x)), then x + SwiGLU network(norm(x)).
struct LlamaLayer {
    private let attentionNorm: AlignedBuffer
    private let query: WeightMatrix
    private let key: WeightMatrix
    private let value: WeightMatrix
    private let output: WeightMatrix
    private let queryBias: AlignedBuffer?
    private let keyBias: AlignedBuffer?
    private let valueBias: AlignedBuffer?
    private let outputBias: AlignedBuffer?
    private let feedForwardNorm: AlignedBuffer
    private let gate: WeightMatrix
    private let up: WeightMatrix
    private let down: WeightMatrix

    static func tensorNames(layer: Int) -> [String] {
        [
            "attn_norm.weight", "attn_q.weight", "attn_k.weight", "attn_v.weight", "attn_output.weight",
            "ffn_norm.weight",
            "ffn_gate.weight", "ffn_up.weight", "ffn_down.weight", "attn_q.bias", "attn_k.bias", "attn_v.bias",
            "attn_output.bias",
        ].map { "blk.\(layer).\($0)" } + [TensorNames.ropeFactors]
    }

    /// The shapes of the tensors that a layer needs, `[columns, rows]` or `[elements]`.
    static func shapes(_ configuration: ModelConfiguration, layer: Int) -> [(name: String, dimensions: [Int])] {
        let width = configuration.width, inner = configuration.feedForwardWidth
        return [
            ("attn_norm", [width]), ("attn_q", [width, configuration.queryWidth]),
            ("attn_k", [width, configuration.keyWidth]), ("attn_v", [width, configuration.valueWidth]),
            ("attn_output", [configuration.attentionWidth, width]), ("ffn_norm", [width]),
            ("ffn_gate", [width, inner]), ("ffn_up", [width, inner]), ("ffn_down", [inner, width]),
        ].map { ("blk.\(layer).\($0).weight", $1) }
    }

    init<Source>(_ configuration: ModelConfiguration, layer: Int, loader: TensorLoader<Source>) throws(ModelError) {
        let width = configuration.width, inner = configuration.feedForwardWidth
        func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(ModelError) -> WeightMatrix {
            try loader.matrix("blk.\(layer).\(name).weight", rows: rows, columns: columns)
        }
        func bias(_ name: String, _ count: Int) throws(ModelError) -> AlignedBuffer? {
            try loader.optionalVector("blk.\(layer).\(name).bias", count: count)
        }
        attentionNorm = try loader.vector("blk.\(layer).attn_norm.weight", count: width)
        query = try matrix("attn_q", configuration.queryWidth, width)
        key = try matrix("attn_k", configuration.keyWidth, width)
        value = try matrix("attn_v", configuration.valueWidth, width)
        output = try matrix("attn_output", width, configuration.attentionWidth)
        queryBias = try bias("attn_q", configuration.queryWidth)
        keyBias = try bias("attn_k", configuration.keyWidth)
        valueBias = try bias("attn_v", configuration.valueWidth)
        outputBias = try bias("attn_output", width)
        feedForwardNorm = try loader.vector("blk.\(layer).ffn_norm.weight", count: width)
        gate = try matrix("ffn_gate", inner, width)
        up = try matrix("ffn_up", inner, width)
        down = try matrix("ffn_down", width, inner)
    }

    /// Bytes of memory that the weights take.
    var byteCount: Int {
        [query, key, value, output, gate, up, down].reduce(0) { $0 + $1.byteCount }
            + [attentionNorm, feedForwardNorm, queryBias, keyBias, valueBias, outputBias].reduce(0) {
                $0 + ($1?.bytes.count ?? 0)
            }
    }

    /// Takes the batch's rows of `scratch.stream` through the layer, in place. `index`: the layer's place in the stage's cache.
    func forward(
        _ batch: StageBatch, index: Int, configuration: ModelConfiguration, rope: RotaryEmbedding,
        layout: KeyValueLayout,
        scratch: StageScratch, pool: ThreadPool, times: OperationTimes?
    ) {
        let rows = batch.rows, width = configuration.width
        let attention = Attention(configuration: configuration, layout: layout, layer: index)

        let quantizesQueries = query.takesInt8 || key.takesInt8 || value.takesInt8
        times.measure(.attentionNorm) {
            pool.forEachRow(rows) { row in
                normRow(row, weight: attentionNorm, configuration, scratch, quantizes: quantizesQueries)
            }
        }
        times.measure(.queryKeyValue) {
            pool.multiply(
                MatrixProduct(query, output: scratch.queries), MatrixProduct(key, output: scratch.keys),
                MatrixProduct(value, output: scratch.values), input: scratch.normed, tokens: rows,
                scratch: scratch.rowScratch)
        }
        times.measure(.cache) {
            pool.forEachRow(rows) { row in
                let queries = scratch.queries + row * configuration.queryWidth
                let keys = scratch.keys + row * configuration.keyWidth
                let values = scratch.values + row * configuration.valueWidth
                if let queryBias { RowOperations.add(queryBias.floats, count: configuration.queryWidth, to: queries) }
                if let keyBias { RowOperations.add(keyBias.floats, count: configuration.keyWidth, to: keys) }
                if let valueBias { RowOperations.add(valueBias.floats, count: configuration.valueWidth, to: values) }
                let angles = scratch.angles + row * configuration.ropeDimensions
                rope.rotate(queries, heads: configuration.heads, headSize: configuration.keySize, angles: angles)
                rope.rotate(keys, heads: configuration.keyValueHeads, headSize: configuration.keySize, angles: angles)
                attention.store(row: row, of: batch, scratch: scratch)
            }
        }
        times.measure(.attention) {
            attention.attend(batch, scratch: scratch, pool: pool)
        }
        times.measure(.attentionOutput) {
            if output.takesInt8 { pool.forEachRow(rows) { scratch.attended.quantizeRow($0) } }
            pool.multiply(
                MatrixProduct(output, output: scratch.projected), input: scratch.attended, tokens: rows,
                scratch: scratch.rowScratch)
        }

        let quantizesGates = gate.takesInt8 || up.takesInt8
        times.measure(.feedForwardNorm) {
            pool.forEachRow(rows) { row in
                let projected = scratch.projected + row * width
                if let outputBias { RowOperations.add(outputBias.floats, count: width, to: projected) }
                RowOperations.add(projected, count: width, to: scratch.stream + row * width)
                normRow(row, weight: feedForwardNorm, configuration, scratch, quantizes: quantizesGates)
            }
        }
        times.measure(.gateAndUp) {
            pool.multiply(
                MatrixProduct(gate, output: scratch.gates), MatrixProduct(up, output: scratch.ups),
                input: scratch.normed,
                tokens: rows, scratch: scratch.rowScratch)
        }
        times.measure(.activation) {
            pool.forEachRow(rows) { row in
                let inner = configuration.feedForwardWidth
                RowOperations.swiGLU(
                    gate: scratch.gates + row * inner, up: scratch.ups + row * inner, count: inner,
                    into: scratch.gated.row(row))
                if down.takesInt8 { scratch.gated.quantizeRow(row) }
            }
        }
        times.measure(.down) {
            pool.multiply(
                MatrixProduct(down, output: scratch.projected), input: scratch.gated, tokens: rows,
                scratch: scratch.rowScratch)
        }
        times.measure(.residual) {
            pool.forEachRow(rows) { row in
                RowOperations.add(scratch.projected + row * width, count: width, to: scratch.stream + row * width)
            }
        }
    }

    private func normRow(
        _ row: Int, weight: AlignedBuffer, _ configuration: ModelConfiguration, _ scratch: StageScratch, quantizes: Bool
    ) {
        RowOperations.rmsNorm(
            scratch.stream + row * configuration.width, weight: weight.floats, count: configuration.width,
            epsilon: configuration.normEpsilon, into: scratch.normed.row(row))
        if quantizes { scratch.normed.quantizeRow(row) }
    }
}
