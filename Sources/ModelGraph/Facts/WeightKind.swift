import GGUF
/// What a tensor is for, told by its name as GGUF files spell it (gguf-py's `TENSOR_NAMES`), whatever the architecture.
package enum WeightKind: String, Sendable, Hashable, CaseIterable {
    /// Rows of tokens, or of positions.
    case embedding
    /// What looks at other positions by queries and keys.
    case attention
    /// What looks at other positions by a state that goes on from each to the next.
    case recurrent
    /// Networks that all rows take, shared experts among them, and routers.
    case network
    /// Networks of which a row takes some.
    case experts
    /// Norms, factors, and what has a name that is not known.
    case other
    /// The output matrix, where it is not the embedding.
    case head

    /// Tells the kind of a tensor.
    package init(tensor name: String) {
        guard TensorNames.layer(of: name) != nil else {
            let stem = name.prefix { $0 != "." }
            if stem == TensorNames.head {
                self = .head
            } else {
                let tables = [TensorNames.embedding, TensorNames.tokenInputs, "position_embd", "token_types"]
                self = tables.contains { stem == $0 } ? .embedding : .other
            }
            return
        }
        // "blk.3.attn_q.weight"
        let stem = name.split(separator: ".", maxSplits: 3)[2]
        if stem.contains("norm") {
            self = .other
        } else if stem.hasSuffix("_exps") {
            self = .experts
        } else if stem.hasPrefix("attn_") {
            self = .attention
        } else if stem.hasPrefix("ffn_") || stem.hasPrefix("exp_") || stem == Names.tokenInputGate
            || stem == Names.tokenInputProjection
        {
            self = .network
        } else if ["ssm_", "shortconv", "time_mix", "channel_mix"].contains(where: stem.hasPrefix) {
            self = .recurrent
        } else {
            self = .other
        }
    }
}
