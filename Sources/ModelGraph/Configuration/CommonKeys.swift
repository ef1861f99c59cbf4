import GGUF
import Tensors

/// The metadata that architectures have in common, as llama has it.
struct CommonKeys {
    let reader: MetadataReader
    let layers: Int
    let width: Int
    let heads: Int
    let keyValueHeads: Int
    let keySize: Int
    let valueSize: Int
    let vocabulary: Int
    let trainedContext: Int

    var architecture: Architecture { reader.architecture }

    init(_ reader: MetadataReader, vocabulary: Int?) throws(ModelError) {
        self.reader = reader
        layers = try reader.integer("block_count", in: 1...4096)
        width = try reader.integer("embedding_length", in: 1...1_048_576)
        heads = try reader.integer("attention.head_count", in: 1...16384)
        // Gemma 4 has a number for each layer, which it reads by itself.
        keyValueHeads =
            reader.architecture == .gemma4
            ? heads : try reader.optionalInteger("attention.head_count_kv", in: 1...16384) ?? heads
        guard heads.isMultiple(of: keyValueHeads) else {
            throw reader.invalid("attention.head_count_kv", keyValueHeads, "it must divide the \(heads) query heads")
        }
        let explicitKeySize = try reader.optionalInteger("attention.key_length", in: 1...8192)
        guard explicitKeySize != nil || width.isMultiple(of: heads) else {
            throw reader.invalid("attention.head_count", heads, "it must divide the width \(width)")
        }
        keySize = explicitKeySize ?? width / heads
        valueSize = try reader.optionalInteger("attention.value_length", in: 1...8192) ?? keySize
        self.vocabulary = try Self.vocabulary(given: vocabulary, reader: reader)
        trainedContext = try reader.optionalInteger("context_length", in: 1...(1 << 30)) ?? 2048
    }

    private static func vocabulary(given: Int?, reader: MetadataReader) throws(ModelError) -> Int {
        let limit = 1...16_777_216
        if let given {
            guard limit.contains(given) else { throw reader.invalid("vocab_size", given, "it must be in \(limit)") }
            return given
        }
        if let count = try reader.optionalInteger("vocab_size", in: limit) { return count }
        if let tokens = reader.metadata["tokenizer.ggml.tokens"]?.array?.count, limit.contains(tokens) { return tokens }
        return try reader.integer("vocab_size", in: limit)
    }

    /// A norm of the rows' root mean square.
    func rmsNorm() throws(ModelError) -> NormShape {
        NormShape(.rms, epsilon: try reader.float("attention.layer_norm_rms_epsilon", in: 0...1))
    }

    /// A norm of the rows' mean and deviation.
    func layerNorm() throws(ModelError) -> NormShape {
        NormShape(.layer, epsilon: try reader.float("attention.layer_norm_epsilon", in: 0...1))
    }

    /// Attention of all heads, over all positions.
    func attention(_ rope: RopeShape?) throws(ModelError) -> AttentionShape {
        AttentionShape(
            heads: heads, keyValueHeads: keyValueHeads, keySize: keySize, valueSize: valueSize, rope: rope,
            scale: try reader.optionalFloat("attention.scale", in: 0...1e6).flatMap { $0 > 0 ? $0 : nil })
    }

    /// Elements inside the network.
    func feedForwardWidth() throws(ModelError) -> Int { try reader.integer("feed_forward_length", in: 1...4_194_304) }

    /// A network with a gate of SiLU, where nothing else is said.
    func network(_ function: DenseShape.Function = .gated(.silu)) throws(ModelError) -> NetworkShape {
        .dense(DenseShape(width: try feedForwardWidth(), function: function))
    }

    /// How many experts there are; nil for a model without.
    func expertCount() throws(ModelError) -> Int? {
        guard let count = try reader.optionalInteger("expert_count", in: 0...4096), count > 0 else { return nil }
        return count
    }

    /// Experts; `width` is what one has inside.
    func experts(
        _ count: Int, width: Int, weighting: ExpertChoice.Weighting
    ) throws(ModelError) -> ExpertsShape {
        ExpertsShape(
            count: count, used: try reader.integer("expert_used_count", in: 1...count), width: width,
            weighting: weighting)
    }

    /// Elements inside an expert: its own key, else that of networks without experts.
    func expertWidth() throws(ModelError) -> Int {
        if let own = try reader.optionalInteger("expert_feed_forward_length", in: 1...4_194_304) { return own }
        return try feedForwardWidth()
    }

    /// A model of equal layers.
    func configuration(
        _ layer: LayerShape, norm: NormShape
    ) -> ModelConfiguration { configuration(Array(repeating: layer, count: layers), norm: norm) }

    /// A model of these layers.
    func configuration(_ layers: [LayerShape], norm: NormShape) -> ModelConfiguration {
        ModelConfiguration(
            architecture: architecture, width: width, vocabulary: vocabulary, trainedContext: trainedContext,
            layerShapes: layers, finalNorm: norm)
    }
}

/// Layers with a window.
extension CommonKeys {
    /// Positions that a row of such a layer sees, its own among them; nil where the file has no window.
    func window() throws(ModelError) -> Int? {
        guard let size = try reader.optionalInteger("attention.sliding_window", in: 0...(1 << 30)), size > 0 else {
            return nil
        }
        return size
    }

    /// Every how many layers one sees all positions, where the file says so in place of the architecture.
    func period(_ own: Int) throws(ModelError) -> Int {
        guard reader.metadata[reader.key("attention.sliding_window_pattern")]?.integer != nil else { return own }
        return try reader.integer("attention.sliding_window_pattern", in: 1...4096)
    }
}
