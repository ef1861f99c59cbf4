import Tensors

/// Gemma 4, beyond Gemma 3:
///
/// - keys: numbers for each layer of key-value heads and of the network's width; `attention.key_length_swa`, `attention.value_length_swa`,
///   `rope.dimension_count_swa` of layers with a window, which `attention.sliding_window_pattern` marks;
///   `attention.shared_kv_layers`, `embedding_length_per_layer_input`;
/// - tensors: `layer_output_scale`; rows of each token for each layer (`per_layer_token_embd`, `per_layer_model_proj`) and what a layer
///   does with its own (`inp_gate`, `proj`, `post_norm`); experts beside the network (`DenseBesideExperts`); norms have plain weights; no `attn_v` where the keys are the values;
/// - graph: scores are not scaled; values are normed, without weights; frequencies of layers without a window are divided by
///   `rope_freqs.weight`. The last layers read the keys and values of the last one before them that has its own and is of their kind.
enum Gemma4 {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let reader = keys.reader, norm = try keys.rmsNorm()
        let isLocal = try localLayers(keys)
        let window = try keys.window()
        if isLocal.contains(true), window == nil { throw reader.missing("attention.sliding_window") }
        let heads = try reader.perLayer("attention.head_count_kv", layers: keys.layers, in: 1...keys.heads)
        let widths = try reader.perLayer("feed_forward_length", layers: keys.layers, in: 1...4_194_304)
        guard let widths else { throw reader.missing("feed_forward_length") }
        let shared = try reader.optionalInteger("attention.shared_kv_layers", in: 0...keys.layers - 1) ?? 0
        let inputWidth = try reader.optionalInteger("embedding_length_per_layer_input", in: 0...65536) ?? 0
        let global = try attention(keys, size: "", rope: keys.rope(.halves))
        let local = try isLocal.contains(true) ? attention(keys, size: "_swa", rope: localRope(keys)) : global

        let experts = try experts(keys)
        var layers: [LayerShape] = []
        for index in 0..<keys.layers {
            var attention = isLocal[index] ? local : global
            attention.keyValueHeads = heads?[index] ?? keys.heads
            guard keys.heads.isMultiple(of: attention.keyValueHeads) else {
                throw reader.invalid(
                    "attention.head_count_kv", attention.keyValueHeads, "it must divide the \(keys.heads) query heads")
            }
            attention.queryKeyNorm = .head(norm)
            attention.valueNorm = norm
            attention.mayTakeKeysAsValues = attention.keySize == attention.valueSize
            attention.window = isLocal[index] ? window : nil
            let owners = keys.layers - shared
            if index >= owners {
                guard let owner = (0..<owners).last(where: { isLocal[$0] == isLocal[index] }) else {
                    throw reader.invalid(
                        "attention.shared_kv_layers", shared, "no layer before them has what layer \(index) reads")
                }
                attention.keyValueHeads = heads?[owner] ?? keys.heads
                attention.sharedLayer = owner
            }
            let dense = DenseShape(width: widths[index], function: .gated(.geluTanh))
            var layer = LayerShape(
                norms: BlockNorms(norm, .around), mixer: .attention(attention),
                network: experts.map { .denseBesideExperts(dense, $0, norm) } ?? .dense(dense))
            layer.hasOutputScale = true
            if inputWidth > 0 {
                layer.tokenInput = TokenInputShape(width: inputWidth, function: .geluTanh, norm: norm)
            }
            layers.append(layer)
        }
        var configuration = keys.configuration(layers, norm: norm)
        configuration.embeddingScale = Float(keys.width).squareRoot()
        if let cap = try reader.optionalFloat("final_logit_softcapping", in: 0...1e6), cap > 0 {
            configuration.logits.cap = cap
        }
        return configuration
    }

    /// Experts beside the network that all rows take; nil for a model without.
    private static func experts(_ keys: CommonKeys) throws(ModelError) -> ExpertsShape? {
        guard let count = try keys.expertCount() else { return nil }
        let width = try keys.reader.integer("expert_feed_forward_length", in: 1...4_194_304)
        var experts = try keys.experts(count, width: width, weighting: .softmaxOverChosen)
        experts.function = .geluTanh
        return experts
    }

    /// Which layers have a window.
    private static func localLayers(_ keys: CommonKeys) throws(ModelError) -> [Bool] {
        if let flags = try keys.reader.flags("attention.sliding_window_pattern", layers: keys.layers) { return flags }
        let period = try keys.period(6)
        return (0..<keys.layers).map { !($0 + 1).isMultiple(of: period) }
    }

    private static func attention(
        _ keys: CommonKeys, size suffix: String, rope: RopeShape
    ) throws(ModelError) -> AttentionShape {
        let keySize = try keys.reader.optionalInteger("attention.key_length\(suffix)", in: 1...8192) ?? keys.keySize
        let valueSize =
            try keys.reader.optionalInteger("attention.value_length\(suffix)", in: 1...8192) ?? keys.valueSize
        guard rope.dimensions <= keySize else {
            throw keys.reader.invalid(
                "rope.dimension_count\(suffix)", rope.dimensions, "it must be at most the head size \(keySize)")
        }
        return AttentionShape(
            heads: keys.heads, keyValueHeads: 1, keySize: keySize, valueSize: valueSize, rope: rope, scale: 1)
    }

    private static func localRope(_ keys: CommonKeys) throws(ModelError) -> RopeShape {
        let reader = keys.reader
        let size = try reader.optionalInteger("attention.key_length_swa", in: 1...8192) ?? keys.keySize
        let dimensions = try reader.optionalInteger("rope.dimension_count_swa", in: 2...8192) ?? size
        guard dimensions.isMultiple(of: 2) else {
            throw reader.invalid("rope.dimension_count_swa", dimensions, "it must be even")
        }
        return RopeShape(
            base: try reader.optionalFloat("rope.freq_base_swa", in: 1...1e12) ?? 10000, dimensions: dimensions,
            pairing: .halves)
    }
}
