import Tensors

/// OLMo 2 and 3, beyond llama:
///
/// - keys: `attention.sliding_window` (3);
/// - tensors: norms after attention and network and none before; norms of queries and keys over all heads together;
/// - graph: pairs are halves. With a window three of four layers have it, and rotate without scaling.
enum Olmo2 {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.rmsNorm(), rope = try keys.rope(.halves), window = try keys.window()
        let period = try keys.period(4)
        var local = RopeShape(base: rope.base, dimensions: rope.dimensions, pairing: .halves)
        local.factors = rope.factors
        var layers: [LayerShape] = []
        for index in 0..<keys.layers {
            let isLocal = window != nil && !(index + 1).isMultiple(of: period)
            var attention = try keys.attention(isLocal ? local : rope)
            attention.queryKeyNorm = .row(norm)
            if isLocal { attention.window = window }
            layers.append(
                LayerShape(norms: BlockNorms(norm, .after), mixer: .attention(attention), network: try keys.network()))
        }
        return keys.configuration(layers, norm: norm)
    }
}
