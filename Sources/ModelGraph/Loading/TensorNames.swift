/// Names of the tensors that belong to no layer (the GGUF specification, "Standardized tensor names").
enum TensorNames {
    static let embedding = "token_embd.weight"
    static let tokenInputs = "per_layer_token_embd.weight"
    static let tokenInputProjection = "per_layer_model_proj"
    static let tokenInputNorm = "per_layer_proj_norm"
    static let finalNorm = "output_norm"
    static let head = "output"
    static let ropeFactors = "rope_freqs.weight"
    static let longRopeFactors = "rope_factors_long.weight"
    static let shortRopeFactors = "rope_factors_short.weight"

    /// A tensor of a layer.
    static func layer(_ index: Int, _ name: String) -> String { "blk.\(index).\(name)" }

    /// The layer that a tensor belongs to, nil for one that belongs to none.
    static func layer(of name: String) -> Int? {
        let words = name.split(separator: ".", maxSplits: 3)
        guard words.count > 2, words[0] == "blk", let index = Int(words[1]), index >= 0 else { return nil }
        return index
    }
}
