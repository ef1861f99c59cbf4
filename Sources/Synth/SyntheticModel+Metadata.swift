package import GGUF
import Tokenizer

extension SyntheticModel {
    /// Its dimensions under the keys that llama.cpp's converter writes, and a tokenizer.
    package var metadata: [(key: String, value: GGUFValue)] {
        let layout = shape.family.layout
        var entries: [(key: String, value: GGUFValue)] = [
            ("general.architecture", .string(shape.family.rawValue)),
            ("general.name", .string("\(name) with random weights")), ("general.type", .string("model")),
            ("general.quantization_version", .uint32(2)),
        ]
        func add(_ name: String, _ value: GGUFValue) { entries.append(("\(shape.family.rawValue).\(name)", value)) }
        func add(_ name: String, _ value: Int) { add(name, .uint32(UInt32(value))) }
        add("block_count", shape.layers)
        add("context_length", shape.context)
        add("embedding_length", shape.width)
        add("feed_forward_length", shape.feedForwardWidth)
        add("attention.head_count", shape.heads)
        add("attention.head_count_kv", shape.keyValueHeads)
        add("attention.layer_norm_rms_epsilon", .float32(shape.normEpsilon))
        add("rope.freq_base", .float32(shape.ropeBase))
        if layout.givesRopeDimensions { add("rope.dimension_count", shape.headSize) }
        if layout.givesVocabularySize { add("vocab_size", shape.vocabulary) }
        if let size = shape.explicitHeadSize {
            add("attention.key_length", size)
            add("attention.value_length", size)
        }
        if let window = shape.window {
            add("attention.sliding_window", window.positions)
            if let base = window.ropeBase { add("rope.freq_base_swa", .float32(base)) }
        }
        switch shape.scaling {
        case nil: break
        case .unscaled(let originalContext): add("rope.scaling.original_context_length", originalContext)
        case .linear(let factor):
            add("rope.scaling.type", .string("linear"))
            add("rope.scaling.factor", .float32(factor))
        case .yarn(let factor, let originalContext, let fast, let slow):
            add("rope.scaling.type", .string("yarn"))
            add("rope.scaling.factor", .float32(factor))
            add("rope.scaling.original_context_length", originalContext)
            add("rope.scaling.yarn_beta_fast", .float32(fast))
            add("rope.scaling.yarn_beta_slow", .float32(slow))
        }
        if let experts = shape.experts {
            add("expert_count", experts.count)
            add("expert_used_count", experts.used)
            if layout.givesExpertWidth { add("expert_feed_forward_length", experts.feedForwardWidth) }
        }
        return entries + vocabulary(shape.vocabulary)
    }

    /// A tokenizer of bytes: control tokens, the 256 bytes, and fillers that no text gives.
    private func vocabulary(_ count: Int) -> [(key: String, value: GGUFValue)] {
        let control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
        let bytes = (UInt8.min...UInt8.max).map { String(ByteAlphabet.character(of: $0)) }
        let fillers = (0..<count - control.count - bytes.count).map { "<filler\($0)>" }
        let kinds = (0..<count).map { Int32($0 < control.count ? 3 : 1) }
        let template =
            "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
            + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
        return [
            ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string("smollm")),
            ("tokenizer.ggml.tokens", .array(GGUFArray(control + bytes + fillers))),
            ("tokenizer.ggml.token_type", .array(GGUFArray(kinds))),
            ("tokenizer.ggml.merges", .array(GGUFArray([String]()))),
            ("tokenizer.ggml.bos_token_id", .uint32(1)), ("tokenizer.ggml.eos_token_id", .uint32(2)),
            ("tokenizer.ggml.add_bos_token", .bool(false)), ("tokenizer.chat_template", .string(template)),
        ]
    }
}
