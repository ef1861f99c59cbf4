package import Formats
package import GGUF

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A model of the llama architecture, or with a window of olmo2's, small enough for tests: random weights from a seed, a real byte-level BPE
/// tokenizer (`smollm` pre-tokenizer) and a ChatML template. The same values give the same bytes.
///
/// Weights are scaled so that activations keep their size from layer to layer and logits stay within about ±15.
package struct TinyModel: Sendable, Hashable {
    /// How many transformer layers.
    package var layers = 4
    /// The size of the embedding; must be a multiple of `heads`, and of 32 for quantized types.
    package var width = 64
    /// Attention heads for queries.
    package var heads = 4
    /// Attention heads for keys and values; must divide `heads`.
    package var keyValueHeads = 2
    /// The inner size of the feed-forward network; a multiple of 32 for quantized types.
    package var feedForward = 128
    /// How many tokens; at least `TinyVocabulary.minimumCount`, what is more are tokens that text never becomes.
    package var vocabulary = TinyVocabulary.minimumCount
    /// The longest sequence, in tokens.
    package var contextLength = 512
    /// The type of all matrices: F32, F16, BF16, Q4_0, Q4_1 or Q8_0. Norms are F32.
    package var type: ElementType = .f32
    /// Whether the head is the embedding, as in small models.
    package var sharesEmbedding = false
    /// Positions that rows see in three of four layers; nil is all, in every layer.
    package var window: Int?
    /// What the weights are made from.
    package var seed: UInt64 = 1
    /// Networks of each layer, of which a row takes two; 0 is one network that all rows take.
    package var experts = 0
    /// Tokens that the file says are no answers.
    package var suppressedTokens: [Int32] = []
    /// What is wrong with the file; nil for nothing.
    package var damage: Damage?

    /// Wrong numbers in a tensor of type F32.
    package struct Damage: Sendable, Hashable {
        package var tensor: String
        package var value: Float
        /// Elements that have the value, the first ones.
        package var count: Int

        package init(tensor: String, value: Float, count: Int = 1) {
            self.tensor = tensor
            self.value = value
            self.count = count
        }
    }

    /// A model of 4 layers; change what a test needs.
    package init(type: ElementType = .f32, seed: UInt64 = 1) {
        self.type = type
        self.seed = seed
    }

    /// The whole file.
    ///
    /// - Throws: `GGUFError` when the sizes make no model, such as rows that are not whole blocks.
    package func file() throws(GGUFError) -> [UInt8] {
        try checkSizes()
        var generator = SeededGenerator(seed: seed)
        let plan = tensorPlan()
        var contents: [[UInt8]] = []
        for (tensor, deviation) in plan {
            // Checks the dimensions before memory is taken for them.
            let entry = try GGUFTensor(name: tensor.name, type: tensor.type, dimensions: tensor.dimensions, offset: 0)
            contents.append(
                deviation.map { Self.weights(entry, deviation: $0, &generator) } ?? Self.norm(entry, &generator))
            if let damage, damage.tensor == tensor.name, tensor.type == .f32 {
                contents[contents.count - 1].damage(with: damage)
            }
        }
        return try GGUFWriter(metadata: metadata(), tensors: plan.map(\.tensor)).file(contents: contents)
    }

    /// Writes the whole file to `path`, over one that may be there.
    ///
    /// - Throws: `GGUFError` as `file()`, and when the file cannot be written.
    package func write(to path: String) throws(GGUFError) {
        let bytes = try file()
        func failure() -> GGUFError {
            GGUFError(
                code: .unreadable, path: path, message: "cannot be written: \(String(cString: strerror(errno)))",
                mend: "give a path that can be written")
        }
        guard let stream = fopen(path, "wb") else { throw failure() }
        let written = fwrite(bytes, 1, bytes.count, stream)
        guard fclose(stream) == 0, written == bytes.count else { throw failure() }
    }

    private func checkSizes() throws(GGUFError) {
        let isPossible =
            layers > 0 && heads > 0 && keyValueHeads > 0 && width > 0 && feedForward > 0 && contextLength > 0
            && width % heads == 0 && heads % keyValueHeads == 0 && width / heads % 2 == 0
            && vocabulary >= TinyVocabulary.minimumCount && (experts == 0 || experts >= 2)
            && [.f32, .f16, .bf16, .q4_0, .q4_1, .q8_0].contains(type)
        guard isPossible else {
            throw GGUFError(code: .invalidValue, message: "\(self) is no possible model", mend: "correct its sizes")
        }
    }

    private func metadata() -> [(key: String, value: GGUFValue)] {
        let architecture = window == nil ? "llama" : "olmo2"
        var sizes: [(String, Int)] = [
            ("block_count", layers), ("context_length", contextLength), ("embedding_length", width),
            ("feed_forward_length", feedForward), ("attention.head_count", heads),
            ("attention.head_count_kv", keyValueHeads), ("vocab_size", vocabulary),
            ("rope.dimension_count", width / heads),
        ]
        if experts > 0 { sizes += [("expert_count", experts), ("expert_used_count", 2)] }
        if let window { sizes.append(("attention.sliding_window", window)) }
        return [
            ("general.architecture", .string(architecture)), ("general.name", .string("tiny \(type) \(seed)")),
            ("\(architecture).rope.freq_base", .float32(10_000)),
            ("\(architecture).attention.layer_norm_rms_epsilon", .float32(1e-5)),
        ] + sizes.map { ("\(architecture).\($0.0)", .uint32(UInt32($0.1))) }
            + TinyVocabulary.metadata(count: vocabulary, suppressed: suppressedTokens)
    }

    /// All tensors with the standard deviation of their weights, nil for norms.
    private func tensorPlan() -> [(tensor: GGUFWriter.Tensor, deviation: Float?)] {
        var plan: [(tensor: GGUFWriter.Tensor, deviation: Float?)] = []
        func matrix(_ name: String, columns: Int, rows: Int, gain: Float, count: Int? = nil) {
            plan.append(
                (
                    .init(
                        name: "\(name).weight", type: type, dimensions: [columns, rows] + (count.map { [$0] } ?? [])),
                    gain / Float(columns).squareRoot()
                ))
        }
        func norm(_ name: String, width count: Int? = nil) {
            plan.append((.init(name: "\(name).weight", type: .f32, dimensions: [count ?? width]), nil))
        }
        let keyValueWidth = width / heads * keyValueHeads
        // A shared embedding is the head too, so its gain is a compromise between both uses.
        matrix("token_embd", columns: width, rows: vocabulary, gain: 3)
        for layer in 0..<layers {
            if window == nil { norm("blk.\(layer).attn_norm") }
            matrix("blk.\(layer).attn_q", columns: width, rows: width, gain: 1.5)
            matrix("blk.\(layer).attn_k", columns: width, rows: keyValueWidth, gain: 1.5)
            matrix("blk.\(layer).attn_v", columns: width, rows: keyValueWidth, gain: 1)
            matrix("blk.\(layer).attn_output", columns: width, rows: width, gain: 0.5)
            if window == nil {
                norm("blk.\(layer).ffn_norm")
            } else {
                norm("blk.\(layer).attn_q_norm")
                norm("blk.\(layer).attn_k_norm", width: keyValueWidth)
                norm("blk.\(layer).post_attention_norm")
                norm("blk.\(layer).post_ffw_norm")
            }
            let (suffix, count) = experts > 0 ? ("_exps", experts) : ("", nil)
            if experts > 0 { matrix("blk.\(layer).ffn_gate_inp", columns: width, rows: experts, gain: 1) }
            matrix("blk.\(layer).ffn_gate\(suffix)", columns: width, rows: feedForward, gain: 1, count: count)
            matrix("blk.\(layer).ffn_up\(suffix)", columns: width, rows: feedForward, gain: 1, count: count)
            matrix("blk.\(layer).ffn_down\(suffix)", columns: feedForward, rows: width, gain: 0.5, count: count)
        }
        norm("output_norm")
        if !sharesEmbedding { matrix("output", columns: width, rows: vocabulary, gain: 3) }
        return plan
    }
}
