import Tensors

/// Gemma 1 to 3, beyond llama:
///
/// - keys: `attention.sliding_window`, `attn_logit_softcapping`, `final_logit_softcapping`, `rope.freq_base_swa`;
/// - tensors: norms after attention and network (2, 3), norms of each query and key head (3); files have 1 + weight in all norms;
/// - graph: pairs are halves; the embedding times sqrt(width); a gate of GeLU. Windows: every second layer from the first (2), five of six
///   (3), with a rope of their own there that is not scaled. The largest models scale scores by the width of a head as if heads had
///   width / heads elements.
enum Gemma {
    static func configuration(_ keys: CommonKeys) throws(ModelError) -> ModelConfiguration {
        let reader = keys.reader, norm = try keys.rmsNorm(), rope = try keys.rope(.halves)
        let place = keys.architecture == .gemma ? BlockNorms.Place.before : .around
        var layers: [LayerShape] = []
        let window = try window(keys)
        for index in 0..<keys.layers {
            var attention = try keys.attention(rope)
            if isLargest(keys) { attention.scale = 1 / (Float(keys.width) / Float(keys.heads)).squareRoot() }
            if keys.architecture == .gemma2 {
                attention.scoreCap = try reader.optionalFloat("attn_logit_softcapping", in: 0...1e6).nonzero(or: 50)
            }
            if keys.architecture == .gemma3 { attention.queryKeyNorm = .head(norm) }
            if let window, window.layers(index) {
                attention.window = window.size
                if keys.architecture == .gemma3 {
                    var local = RopeShape(
                        base: try reader.optionalFloat("rope.freq_base_swa", in: 1...1e12) ?? 10000,
                        dimensions: rope.dimensions, pairing: .halves)
                    local.factors = rope.factors
                    attention.rope = local
                }
            }
            layers.append(
                LayerShape(
                    norms: BlockNorms(norm, place), mixer: .attention(attention),
                    network: try keys.network(.gated(.geluTanh))))
        }
        var configuration = keys.configuration(layers, norm: norm)
        configuration.embeddingScale = Float(keys.width).squareRoot()
        switch keys.architecture {
        case .gemma2:
            configuration.logits.cap = try reader.optionalFloat("final_logit_softcapping", in: 0...1e6).nonzero(or: 30)
        default:
            configuration.logits.cap = try reader.optionalFloat("final_logit_softcapping", in: 0...1e6).nonzero(or: nil)
        }
        return configuration
    }

    private static func window(_ keys: CommonKeys) throws(ModelError) -> (size: Int, layers: (Int) -> Bool)? {
        let size = try keys.reader.optionalInteger("attention.sliding_window", in: 0...(1 << 30))
        switch keys.architecture {
        case .gemma2:
            guard let size = size ?? 4096 as Int?, size > 0 else { return nil }
            return (size, { $0.isMultiple(of: 2) })
        case .gemma3:
            guard let size, size > 0 else { return nil }
            let period = try keys.period(6)
            return (size, { !($0 + 1).isMultiple(of: period) })
        default: return nil
        }
    }

    /// 27B: told by the layers, for no key says so.
    private static func isLargest(_ keys: CommonKeys) -> Bool {
        keys.architecture == .gemma2 && keys.layers == 46 || keys.architecture == .gemma3 && keys.layers == 62
    }
}

extension Float? {
    /// Files write 0 for "none".
    fileprivate func nonzero(or other: Float?) -> Float? {
        guard let self else { return other }
        return self > 0 ? self : nil
    }
}
