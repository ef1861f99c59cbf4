package import GGUF

/// The vocabulary of `TinyModel`: three control tokens, all 256 bytes, and a few merges for English text.
///
/// Ids: 0 `<|endoftext|>`, 1 `<|im_start|>`, 2 `<|im_end|>`, from 3 the bytes in order, then one token per merge.
package enum TinyVocabulary {
    /// The control tokens, beginning with id 0.
    package static let controlTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

    /// The fewest tokens a vocabulary has: control tokens, bytes and merges.
    package static var minimumCount: Int { controlTokens.count + 256 + merges.count }

    /// The ChatML template, with the same shape as those of real models.
    package static let chatTemplate =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
        + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

    /// The parts of each merge in the byte alphabet, where Ġ is a space.
    private static let merges: [(left: String, right: String)] = [
        ("Ġ", "t"), ("h", "e"), ("Ġ", "a"), ("i", "n"), ("Ġt", "he"), ("o", "n"), ("e", "r"), ("Ġ", "w"), ("l", "l"),
        ("o", "r"), ("a", "n"), ("Ġ", "s"), ("in", "g"), ("o", "u"), ("Ġ", "Ġ"), ("H", "e"), ("ll", "o"), ("He", "llo"),
        ("Ġw", "or"), ("l", "d"), ("Ġwor", "ld"), ("u", "s"), ("us", "er"), ("r", "e"), ("Ġa", "n"), ("Ġan", "d"),
    ]

    /// The tokenizer's metadata for a vocabulary of `count` tokens.
    ///
    /// - Parameter suppressed: tokens that are no answers.
    /// - Precondition: `count` is at least `minimumCount`.
    package static func metadata(count: Int, suppressed: [Int32] = []) -> [(key: String, value: GGUFValue)] {
        precondition(count >= minimumCount, "a tiny vocabulary has at least \(minimumCount) tokens, not \(count)")
        let known = controlTokens + byteCharacters() + merges.map { $0.left + $0.right }
        // A piece never holds letters next to punctuation, so these tokens are never made from text.
        let fillers = (known.count..<count).map { "<filler\($0)>" }
        let kinds = (0..<count).map { Int32($0 < controlTokens.count ? 3 : 1) }
        return [
            ("tokenizer.ggml.model", .string("gpt2")),
            ("tokenizer.ggml.pre", .string("smollm")),
            ("tokenizer.ggml.tokens", .array(GGUFArray(known + fillers))),
            ("tokenizer.ggml.token_type", .array(GGUFArray(kinds))),
            ("tokenizer.ggml.merges", .array(GGUFArray(merges.map { "\($0.left) \($0.right)" }))),
            ("tokenizer.ggml.bos_token_id", .uint32(1)),
            ("tokenizer.ggml.eos_token_id", .uint32(2)),
            ("tokenizer.ggml.unknown_token_id", .uint32(0)),
            ("tokenizer.ggml.add_bos_token", .bool(false)),
            ("tokenizer.chat_template", .string(chatTemplate)),
        ] + (suppressed.isEmpty ? [] : [("tokenizer.ggml.suppress_tokens", .array(GGUFArray(suppressed)))])
    }

    /// The character of each byte in byte-level BPE: printable Latin-1 as itself, the rest from U+0100 on.
    private static func byteCharacters() -> [String] {
        var next: UInt32 = 0x100
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7e, 0xa1...0xac, 0xae...0xff: return String(Unicode.Scalar(byte))
            default:
                defer { next += 1 }
                return Unicode.Scalar(next).map { String($0) } ?? ""
            }
        }
    }
}
