import Tensors

/// Phi-2, beyond llama:
///
/// - keys: `attention.layer_norm_epsilon`;
/// - tensors: queries, keys and values in one matrix; biases everywhere, of the head too;
/// - graph: attention and network take the same normed rows and are both added; norms of mean and deviation; halves of a part of a head are
///   rotated; a network without a gate, with GeLU.
enum Phi2 {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.layerNorm()
        let layer = LayerShape(
            norms: BlockNorms(norm, .parallel), mixer: .attention(try keys.attention(keys.rope(.halves))),
            network: try keys.network(.plain(.geluTanh)))
        return keys.configuration(layer, norm: norm)
    }
}
