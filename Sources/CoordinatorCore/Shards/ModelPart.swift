/// What a model is cut into: each part is one shard.
package enum ModelPart: Sendable, Hashable, CustomStringConvertible {
    /// The model's metadata without its tokenizer, and the few tensors that every layer reads (such as `rope_freqs.weight`).
    case configuration
    case embedding
    /// What layers get of each token beside the embedding, which only who looks tokens up needs.
    case tokenInputs
    case layer(Int)
    case head

    /// The part a tensor belongs to, from its name as GGUF files spell it.
    package init(tensor name: String) {
        let words = name.split(separator: ".")
        if words.count > 2, words[0] == "blk", let layer = Int(words[1]), layer >= 0 {
            self = .layer(layer)
        } else if words.first == "token_embd" {
            self = .embedding
        } else if words.first?.hasPrefix("per_layer_") == true {
            self = .tokenInputs
        } else if words.first == "output" || words.first == "output_norm" {
            self = .head
        } else {
            self = .configuration
        }
    }

    package var description: String {
        switch self {
        case .configuration: "configuration"
        case .embedding: "embedding"
        case .tokenInputs: "inputs of tokens"
        case .layer(let index): "layer \(index)"
        case .head: "head"
        }
    }
}
