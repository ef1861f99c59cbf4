import Tensors

/// StarCoder2, beyond llama:
///
/// - keys: `attention.layer_norm_epsilon`;
/// - tensors: biases everywhere;
/// - graph: norms of mean and deviation; pairs are halves; a network without a gate, with GeLU.
enum StarCoder2 {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.layerNorm()
        let layer = LayerShape(
            norms: BlockNorms(norm, .before), mixer: .attention(try keys.attention(keys.rope(.halves))),
            network: try keys.network(.plain(.geluTanh)))
        return keys.configuration(layer, norm: norm)
    }
}
