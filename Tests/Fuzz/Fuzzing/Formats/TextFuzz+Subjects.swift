import GGUF
import TestSupport
import Tokenizer

extension TextFuzz {
    /// A tokenizer and what must come back of a text.
    struct Subject: Sendable {
        enum Losses: Sendable {
            /// Every byte has a token, so nothing may get lost; parsed control tokens are their own text.
            case none
            /// The mark that stands for a space becomes one, and spaces are put after control tokens.
            case marks
            /// What is unknown is lost.
            case anything
        }

        let tokenizer: Tokenizer
        let losses: Losses
        /// The token of what is unknown, the only special one that text may become.
        let unknown: TokenID?

        /// What decoding gives back, nil where that is not known.
        func expected(_ text: String, _ parseSpecial: Bool) -> [UInt8]? {
            switch losses {
            case .none: return Array(text.utf8)
            case .marks:
                guard !parseSpecial else { return nil }
                var scalars = String.UnicodeScalarView()
                for scalar in text.unicodeScalars { scalars.append(scalar == "\u{2581}" ? " " : scalar) }
                return Array(String(scalars).utf8)
            case .anything: return nil
            }
        }

        /// One for each family of pre-tokenizers.
        static func byteLevel() throws -> [Subject] {
            let file = try GGUFFile(copying: TinyModel().file())
            return try [
                "smollm", "llama-bpe", "gpt-2", "qwen2", "default", "falcon", "qwen35", "tekken", "gpt-4o", "kimi-k2",
                "youtu",
                "tiny_aya", "deepseek-llm", "deepseek-coder", "deepseek-v3", "spark2_5", "afmoe", "seed-coder",
                "ufakzeka",
                "exaone-moe", "minicpm5", "laguna", "jais-2", "bloom", "viking", "superbpe", "chameleon",
            ].map { name in
                let entries = file.metadata.entries.map {
                    ($0.key, $0.key == "tokenizer.ggml.pre" ? GGUFValue.string(name) : $0.value)
                }
                return Subject(
                    tokenizer: try Tokenizer(metadata: GGUFMetadata(entries: entries)), losses: .none, unknown: nil)
            }
        }

        /// One for each other kind of tokenizer, with few pieces and a token for every byte.
        static func otherKinds() throws -> [Subject] {
            try [("llama", Losses.marks), ("gemma4", .marks), ("t5", .marks), ("bert", .anything)].map {
                model, losses in
                Subject(tokenizer: try tokenizer(model), losses: losses, unknown: losses == .anything ? 0 : nil)
            }
        }

        private static func tokenizer(_ model: String) throws -> Tokenizer {
            let digits = Array("0123456789ABCDEF")
            let bytes = (0..<256).map { "<0x\(digits[$0 / 16])\(digits[$0 % 16])>" }
            let pieces = [
                "▁", "▁the", "the", "▁t", "he", "th", "▁▁", "in", "a", "b", "e", "h", "i", "n", "t", "1", "é", "日",
                "日本", "ab",
                "\n", "\n\n", "aa", "aaaa", "▁a", "##b",
            ]
            let control = ["<unk>", "<|im_start|>", "<|im_end|>"]
            let kinds: [Int32] = [2, 3, 3] + bytes.map { _ in 6 } + pieces.map { _ in 1 }
            let scores: [Float] = (0..<kinds.count).map { -Float($0 % 17) }
            let entries: [(key: String, value: GGUFValue)] = [
                ("tokenizer.ggml.model", .string(model)),
                ("tokenizer.ggml.tokens", .array(GGUFArray(control + bytes + pieces))),
                ("tokenizer.ggml.token_type", .array(GGUFArray(kinds))),
                ("tokenizer.ggml.scores", .array(GGUFArray(scores))),
                ("tokenizer.ggml.merges", .array(GGUFArray(["t h", "th e", "▁ the", "a a", "aa aa", "\n \n", "日 本"]))),
                ("tokenizer.ggml.unknown_token_id", .uint32(0)),
            ]
            return try Tokenizer(metadata: GGUFMetadata(entries: entries))
        }
    }
}
