import GGUF

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
        let stem = name.prefix { $0 != "." }
        if let layer = TensorNames.layer(of: name) {
            self = .layer(layer)
        } else if stem == TensorNames.embedding {
            self = .embedding
        } else if [TensorNames.tokenInputs, TensorNames.tokenInputProjection, TensorNames.tokenInputNorm].contains(
            where: {
                stem == $0
            })
        {
            self = .tokenInputs
        } else if stem == TensorNames.head || stem == TensorNames.finalNorm {
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
