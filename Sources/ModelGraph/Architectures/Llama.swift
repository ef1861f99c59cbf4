import Tensors

/// Llama (Touvron et al.) and what shares its graph: Mistral, TinyLlama, SmolLM2, Mixtral, …
///
/// The graph that others are described against: x + attention(norm(x)), then x + network(norm(x)). Norms of the root mean square, rotated
/// pairs of neighbours (files have the rows of queries and keys in that order), a network gated with SiLU, or experts of it.
enum Llama {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.rmsNorm()
        let layer = LayerShape(
            norms: BlockNorms(norm, .before), mixer: .attention(try keys.attention(keys.rope(.interleaved))),
            network: try network(keys))
        return keys.configuration(layer, norm: norm)
    }

    /// One network, or experts whose weights are renormalised (Jiang et al., "Mixtral of Experts").
    static func network(_ keys: CommonKeys) throws(ModelError) -> NetworkShape {
        guard let experts = try keys.expertCount() else { return try keys.network() }
        return .experts(try keys.experts(experts, width: keys.feedForwardWidth(), weighting: .softmaxOverChosen))
    }
}
