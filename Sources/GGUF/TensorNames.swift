/// Names of tensors as GGUF files spell them (the GGUF specification, "Standardized tensor names", and gguf-py's `TENSOR_NAMES`). Those without
/// ".weight" or ".bias" stand for both.
package enum TensorNames {
    package static let embedding = "token_embd"
    /// Rows of each token for each layer, and what the embedding adds to them.
    package static let tokenInputs = "per_layer_token_embd"
    package static let tokenInputProjection = "per_layer_model_proj"
    package static let tokenInputNorm = "per_layer_proj_norm"
    package static let finalNorm = "output_norm"
    package static let head = "output"
    package static let ropeFactors = "rope_freqs.weight"
    package static let longRopeFactors = "rope_factors_long.weight"
    package static let shortRopeFactors = "rope_factors_short.weight"

    /// Within a layer, behind "blk.3.".
    package enum Layer {
        package static let attentionNorm = "attn_norm"
        package static let query = "attn_q"
        package static let key = "attn_k"
        package static let value = "attn_v"
        /// Queries, keys and values in one matrix.
        package static let joined = "attn_qkv"
        package static let queryNorm = "attn_q_norm"
        package static let keyNorm = "attn_k_norm"
        package static let sinks = "attn_sinks"
        package static let attentionOutput = "attn_output"
        package static let attentionResultNorm = "post_attention_norm"

        /// Of latent attention: to and from rows of low rank.
        package static let queryDown = "attn_q_a"
        package static let queryDownNorm = "attn_q_a_norm"
        package static let queryUp = "attn_q_b"
        package static let latentDown = "attn_kv_a_mqa"
        package static let latentNorm = "attn_kv_a_norm"
        package static let latentKeyUp = "attn_k_b"
        package static let latentValueUp = "attn_v_b"
        /// Both of these in one, in an older layout.
        package static let latentUp = "attn_kv_b"

        package static let networkNorm = "ffn_norm"
        package static let gate = "ffn_gate"
        package static let up = "ffn_up"
        package static let down = "ffn_down"
        package static let networkResultNorm = "post_ffw_norm"

        package static let router = "ffn_gate_inp"
        /// What is added to an expert's score where it is chosen.
        package static let choiceBias = "exp_probs_b.bias"
        package static let expertGates = "ffn_gate_exps"
        package static let expertUps = "ffn_up_exps"
        /// Both of these in one: the gate's rows first.
        package static let expertGatesAndUps = "ffn_gate_up_exps"
        package static let expertDowns = "ffn_down_exps"
        package static let sharedGate = "ffn_gate_inp_shexp"
        /// What a router's normed rows are multiplied by, and an expert's results.
        package static let routerScale = "ffn_gate_inp.scale"
        package static let expertScale = "ffn_down_exps.scale"
        /// Of experts beside a dense network: before them, and after each of both.
        package static let expertsNorm = "pre_ffw_norm_2"
        package static let besideResultNorm = "post_ffw_norm_1"
        package static let expertsResultNorm = "post_ffw_norm_2"
        /// Behind the names of a network that all rows take beside experts.
        package static let sharedSuffix = "_shexp"

        /// What a layer does with its own input of a token.
        package static let tokenInputGate = "inp_gate"
        package static let tokenInputProjection = "proj"
        package static let tokenInputNorm = "post_norm"
        package static let outputScale = "layer_output_scale.weight"
    }

    package static var embeddingMatrix: String { embedding + ".weight" }
    package static var tokenInputMatrix: String { tokenInputs + ".weight" }
    package static var headMatrix: String { head + ".weight" }

    /// A tensor of a layer.
    package static func layer(_ index: Int, _ name: String) -> String { "blk.\(index).\(name)" }

    /// The layer that a tensor belongs to, nil for one that belongs to none.
    package static func layer(of name: String) -> Int? {
        let words = name.split(separator: ".", maxSplits: 3)
        guard words.count > 2, words[0] == "blk", let index = Int(words[1]), index >= 0 else { return nil }
        return index
    }
}
