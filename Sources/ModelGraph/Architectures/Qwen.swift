import Tensors

/// Qwen 2, 2.5 and 3, with and without experts, beyond llama:
///
/// - keys: `expert_feed_forward_length`, `expert_shared_feed_forward_length`;
/// - tensors: biases of queries, keys and values (2); norms of each query and key head (3); a shared expert with a gate (2 with experts);
/// - graph: pairs are halves of a head. The weights of experts are a softmax over all, renormalised in 3 only.
enum Qwen {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.rmsNorm()
        var attention = try keys.attention(keys.rope(.halves))
        if keys.architecture == .qwen3 || keys.architecture == .qwen3moe { attention.queryKeyNorm = .head(norm) }
        let layer = LayerShape(
            norms: BlockNorms(norm, .before), mixer: .attention(attention), network: try network(keys))
        return keys.configuration(layer, norm: norm)
    }

    private static func network(_ keys: CommonKeys) throws(ModelError) -> NetworkShape {
        let isMixture = keys.architecture == .qwen2moe || keys.architecture == .qwen3moe
        guard isMixture else { return try keys.network() }
        guard let count = try keys.expertCount() else { throw keys.reader.missing("expert_count") }
        let isSecond = keys.architecture == .qwen2moe
        var experts = try keys.experts(
            count, width: keys.expertWidth(),
            weighting: isSecond ? .softmaxOverAll(renormalized: false) : .softmaxOverChosen)
        if isSecond {
            experts.shared = ExpertsShape.Shared(
                width: try keys.reader.integer("expert_shared_feed_forward_length", in: 1...4_194_304), isGated: true)
        }
        return .experts(experts)
    }
}
