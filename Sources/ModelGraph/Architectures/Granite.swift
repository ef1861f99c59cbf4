import Tensors

/// Granite 3 and 4 with attention in all layers, with and without experts, beyond llama:
///
/// - keys: `attention.scale`, `embedding_scale`, `residual_scale`, `logit_scale`, `expert_shared_feed_forward_length`;
/// - graph: scores are multiplied by the scale in place of 1 / sqrt(head size), the embedding and what is added to the stream by theirs;
///   logits are divided by `logit_scale`. Experts' weights are a softmax over the chosen ones; a shared expert has no gate.
enum Granite {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let reader = keys.reader, norm = try keys.rmsNorm()
        var layer = LayerShape(
            norms: BlockNorms(norm, .before), mixer: .attention(try keys.attention(keys.rope(.interleaved))),
            network: try network(keys))
        if let scale = try reader.optionalFloat("residual_scale", in: 0...1e6), scale > 0 {
            layer.residualScale = scale
        }
        var configuration = keys.configuration(layer, norm: norm)
        if let scale = try reader.optionalFloat("embedding_scale", in: 0...1e6), scale > 0 {
            configuration.embeddingScale = scale
        }
        if let scale = try reader.optionalFloat("logit_scale", in: 0...1e6), scale > 0 {
            configuration.logits.scale = 1 / scale
        }
        return configuration
    }

    private static func network(_ keys: CommonKeys) throws(ModelError) -> NetworkShape {
        guard let count = try keys.expertCount() else { return try keys.network() }
        var experts = try keys.experts(count, width: keys.feedForwardWidth(), weighting: .softmaxOverChosen)
        let shared = try keys.reader.optionalInteger("expert_shared_feed_forward_length", in: 0...4_194_304) ?? 0
        if shared > 0 { experts.shared = ExpertsShape.Shared(width: shared, isGated: false) }
        return .experts(experts)
    }
}
