import GGUF
import Tokenizer

extension SyntheticModel {
    /// Its dimensions under llama.cpp's keys, and a tokenizer.
    var metadata: [(key: String, value: GGUFValue)] {
        func number(_ value: Int) -> GGUFValue { .uint32(UInt32(value)) }
        func key(_ name: String) -> String { "\(shape.architecture).\(name)" }
        var entries: [(key: String, value: GGUFValue)] = [
            ("general.architecture", .string(shape.architecture)),
            ("general.name", .string("\(name) with random weights")),
            (key("block_count"), number(shape.layers)), (key("context_length"), number(shape.context)),
            (key("embedding_length"), number(shape.width)),
            (key("feed_forward_length"), number(shape.feedForwardWidth)),
            (key("attention.head_count"), number(shape.heads)),
            (key("attention.head_count_kv"), number(shape.keyValueHeads)),
            (key("attention.layer_norm_rms_epsilon"), .float32(shape.normEpsilon)),
            (key("rope.dimension_count"), number(shape.headSize)), (key("rope.freq_base"), .float32(shape.ropeBase)),
            (key("vocab_size"), number(shape.vocabulary)),
        ]
        if let size = shape.explicitHeadSize {
            entries += [(key("attention.key_length"), number(size)), (key("attention.value_length"), number(size))]
        }
        if let experts = shape.experts {
            entries += [
                (key("expert_count"), number(experts.count)), (key("expert_used_count"), number(experts.used)),
                (key("expert_feed_forward_length"), number(experts.feedForwardWidth)),
            ]
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
