import Tensors

/// Command R7B and Command A, beyond llama:
///
/// - keys: `attention.layer_norm_epsilon`, `attention.sliding_window`, `logit_scale`;
/// - graph: attention and network take the same normed rows and are both added; norms of mean and deviation without a bias. Three of four
///   layers have a window and rotate pairs of neighbours; the fourth sees all and rotates nothing. Logits are multiplied by `logit_scale`.
enum Cohere2 {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.layerNorm(), rope = try keys.rope(.interleaved)
        let window = try keys.window(), period = try keys.period(4)
        var layers: [LayerShape] = []
        for index in 0..<keys.layers {
            let isLocal = !(index + 1).isMultiple(of: period)
            var attention = try keys.attention(isLocal ? rope : nil)
            if isLocal { attention.window = window }
            layers.append(
                LayerShape(
                    norms: BlockNorms(norm, .parallel), mixer: .attention(attention), network: try keys.network()))
        }
        var configuration = keys.configuration(layers, norm: norm)
        configuration.logits.scale = try keys.reader.float("logit_scale", in: 0...1e6)
        return configuration
    }
}
