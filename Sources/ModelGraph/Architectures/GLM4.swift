import Tensors

/// GLM-4 (0414), beyond llama:
///
/// - tensors: norms after attention and network too; biases of queries, keys and values; gate and up in one matrix;
/// - graph: pairs of neighbours in a part of a head are rotated.
enum GLM4 {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.rmsNorm()
        let layer = LayerShape(
            norms: BlockNorms(norm, .around), mixer: .attention(try keys.attention(keys.rope(.interleaved))),
            network: try keys.network())
        return keys.configuration(layer, norm: norm)
    }
}
