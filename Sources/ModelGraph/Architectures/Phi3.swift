import Tensors

/// Phi-3 and Phi-4, beyond llama:
///
/// - keys: `attention.sliding_window`, `rope.scaling.attn_factor`, `rope.scaling.original_context_length`;
/// - tensors: queries, keys and values in one matrix, gate and up in one; `rope_factors_long.weight` and `rope_factors_short.weight`: which
///   of them is used follows from the context that the stages are loaded with;
/// - graph: pairs are halves; a window in all layers.
enum Phi3 {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.rmsNorm()
        var rope = try keys.rope(.halves)
        rope.factors = .longAndShort(over: try keys.originalContext())
        rope.magnitude = try keys.reader.optionalFloat("rope.scaling.attn_factor", in: 0...1e3) ?? rope.magnitude
        var attention = try keys.attention(rope)
        attention.window = try keys.window()
        let layer = LayerShape(
            norms: BlockNorms(norm, .before), mixer: .attention(attention), network: try keys.network())
        return keys.configuration(layer, norm: norm)
    }
}
