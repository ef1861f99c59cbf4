import Tensors

/// gpt-oss, beyond llama:
///
/// - keys: `attention.sliding_window`, `expert_feed_forward_length`;
/// - tensors: biases everywhere, of experts and router too; `attn_sinks.weight`, a score of each query head that goes to no position;
///   `post_attention_norm` is the norm before the experts;
/// - graph: pairs are halves, scaled as YaRN with bounds rounded to whole pairs, as llama.cpp does (the published model leaves them
///   fractional, and no key of the file says so); a window in every second layer from the first; experts' weights are a softmax over the
///   chosen ones; gates are clamped.
enum GPTOss {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        guard let count = try keys.expertCount() else { throw keys.reader.missing("expert_count") }
        let norm = try keys.rmsNorm(), rope = try keys.rope(.halves), window = try keys.window()
        var experts = try keys.experts(count, width: keys.expertWidth(), weighting: .softmaxOverChosen)
        experts.function = .clampedSilu(alpha: 1.702, limit: 7)
        var norms = BlockNorms(norm, .before)
        norms.networkNormIsPostAttention = true
        var layers: [LayerShape] = []
        for index in 0..<keys.layers {
            var attention = try keys.attention(rope)
            attention.hasSinks = true
            if index.isMultiple(of: 2) { attention.window = window }
            layers.append(LayerShape(norms: norms, mixer: .attention(attention), network: .experts(experts)))
        }
        return keys.configuration(layers, norm: norm)
    }
}
