import Tensors

/// StableLM 2, beyond llama:
///
/// - keys: `attention.layer_norm_epsilon`, `use_parallel_residual`;
/// - tensors: biases of norms, and of queries, keys and values; norms of each query and key head with weights of their own (12B);
/// - graph: norms of mean and deviation; halves of a part of a head are rotated; 12B adds attention and network of the same rows.
enum StableLM {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.layerNorm()
        var attention = try keys.attention(keys.rope(.halves))
        attention.queryKeyNorm = .eachHead(norm)
        let isParallel = try keys.reader.flag("use_parallel_residual") ?? false
        let layer = LayerShape(
            norms: BlockNorms(norm, isParallel ? .parallel : .before), mixer: .attention(attention),
            network: try keys.network())
        return keys.configuration(layer, norm: norm)
    }
}
