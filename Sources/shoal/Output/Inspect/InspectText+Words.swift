// What the parts of a document are called.

extension InspectShape.Attention: CustomStringConvertible {
    var description: String {
        if let latentSize {
            return "\(heads) heads of \(keySize), values of \(valueSize), from a latent row of \(latentSize)"
        }
        let sizes = keySize == valueSize ? "\(keySize)" : "\(keySize), values of \(valueSize)"
        return
            "\(heads) heads of \(sizes), \(keyValueHeads == heads ? "each with" : "\(keyValueHeads) of") keys and values"
    }
}

extension InspectShape.Experts: CustomStringConvertible {
    var description: String {
        "\(count)\(width.map { " of width \($0)" } ?? ""), \(used) for each token"
            + (sharedWidth.map { ", a shared one of width \($0)" } ?? "")
    }
}

extension InspectShape.Scaling: CustomStringConvertible {
    var description: String {
        let name =
            switch type {
            case "yarn": "by YaRN"
            case "longrope": "by LongRoPE"
            case "llama3": "by factors of the frequencies (rope_freqs.weight)"
            default: "linearly"
            }
        return "extended \(name)" + (factor.map { " \(Self.trimmed($0)) times" } ?? "")
            + (originalContext.map { " from \($0)" } ?? "")
    }

    private static func trimmed(_ factor: Float) -> String {
        factor.rounded() == factor && factor < 1e9 ? "\(Int(factor))" : "\(factor)"
    }
}

extension InspectTokenizer {
    /// The algorithm by its name, for those that are known.
    var algorithm: String {
        switch model {
        case "gpt2": "byte-level BPE (gpt2)"
        case "llama": "SentencePiece BPE (llama)"
        case "gemma4": "BPE of characters (gemma4)"
        case "t5": "unigram (t5)"
        case "bert": "WordPiece (bert)"
        default: model
        }
    }
}
