import Tensors

/// Mistral Small 3 and Ministral 3, beyond llama:
///
/// - keys: `rope.scaling.yarn_log_multiplier` (cosines and sines are multiplied by less), `attention.temperature_scale` (queries at far
///   positions are multiplied by 1 + scale · ln(1 + floor(position / original context))).
enum Mistral3 {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        var rope = try keys.rope(.interleaved)
        if case .yarn(let factor, _, _, _) = rope.scaling,
            let multiplier = try keys.reader.optionalFloat("rope.scaling.yarn_log_multiplier", in: 0...1e3),
            multiplier > 0
        {
            rope.magnitude /= CommonKeys.magnitude(multiplier, factor: factor)
        }
        var attention = try keys.attention(rope)
        if let scale = try keys.reader.optionalFloat("attention.temperature_scale", in: 0...1e3), scale > 0 {
            attention.temperature = AttentionShape.Temperature(scale: scale, positions: try keys.originalContext())
        }
        let norm = try keys.rmsNorm()
        return keys.configuration(
            LayerShape(
                norms: BlockNorms(norm, .before), mixer: .attention(attention), network: try Llama.network(keys)),
            norm: norm)
    }
}
