import Tensors

/// SmolLM3, beyond llama: every fourth layer rotates nothing (NoPE; fixed in the architecture, no key says so).
enum SmolLM3 {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let norm = try keys.rmsNorm(), rope = try keys.rope(.interleaved)
        var layers: [LayerShape] = []
        for index in 0..<keys.layers {
            let attention = try keys.attention((index + 1).isMultiple(of: 4) ? nil : rope)
            layers.append(
                LayerShape(
                    norms: BlockNorms(norm, .before), mixer: .attention(attention), network: try keys.network()))
        }
        return keys.configuration(layers, norm: norm)
    }
}
