import GGUF
import TestSupport
import Tokenizer

/// Texts to tokens and back, by every way of splitting text. The first byte chooses it.
package struct TextFuzz: FuzzFormat {
    package static let name = "text"

    private let tokenizers: [Tokenizer]
    private let encoders: [Bool]

    package init() throws {
        let file = try GGUFFile(copying: TinyModel().file())
        tokenizers = try ["smollm", "llama-bpe", "gpt-2", "qwen2", "default"].map { name in
            try Tokenizer(
                metadata: GGUFMetadata(
                    entries: file.metadata.entries.map {
                        ($0.key, $0.key == "tokenizer.ggml.pre" ? .string(name) : $0.value)
                    }))
        }
        encoders = [false, true]
    }

    package let corpus: [[UInt8]] = [
        "0Hello the world 123 <|im_start|> äö 日本\n\n  x", "1I'm you'll  \t\r\n 1234567 ...!!! naïve",
        "2e\u{301}\u{200d}👩‍👩‍👧", "3",
    ].map { Array($0.utf8) }

    package let words: [[UInt8]] =
        [
            " ", "  ", "\n", "\r\n", "\t", "'s", "'LL", "a", "the", "123", "<|im_start|>", "<|im_end|>", "<|", "é", "日",
            "👩‍👧", "\u{301}", "\u{a0}",
            "\u{2028}", "\u{3000}", "\u{f0000}", "\u{10ffff}", "Ġ", "!", "…", "٣", "ẞ", "\u{0}", "½", "Ⅷ",
        ].map { Array($0.utf8) } + [
            [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe6], [0xf0, 0x9f],
        ]

    /// Single words and runs of 1 MiB.
    package var extremes: [[UInt8]] {
        ["a", " ", "1", "!", "\n", "the ", "Hello", "<|im_", "é", "日", "\u{301}", " a", "'s", "\u{f0000}", "ab", "he"]
            .enumerated().map { index, part in
                Array("\(index % 5)".utf8) + Array(String(repeating: part, count: (1 << 20) / part.utf8.count).utf8)
            }
    }

    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        (0..<1 + random.below(40)).flatMap { _ in
            random.oneIn(6) ? [UInt8(truncatingIfNeeded: random.bits())] : random.pick(words)
        }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        guard let first = input.first else { return .refused }
        let tokenizer = tokenizers[Int(first) % tokenizers.count]
        let text = String(decoding: input.dropFirst(), as: UTF8.self)
        for parseSpecial in encoders {
            let ids = tokenizer.encode(text, parseSpecial: parseSpecial)
            // Every byte has a token, so nothing may get lost; parsed control tokens are their own text.
            precondition(Array(tokenizer.decode(ids).utf8) == Array(text.utf8), "a text does not come back")
            if !parseSpecial {
                precondition(!ids.contains { tokenizer.isSpecial($0) }, "a control token out of a user's text")
            }
            var streaming = StreamingDetokenizer(tokenizer, skipSpecial: false)
            var streamed = ids.reduce(into: "") { $0 += streaming.append($1) }
            streamed += streaming.finish()
            precondition(Array(streamed.utf8) == Array(text.utf8), "a streamed text does not come back")
        }
        // Tokens in any order, whose bytes need not be characters.
        let ids = input.map { TokenID($0) &* 7 % TokenID(tokenizer.vocabularySize + 2) }
        var streaming = StreamingDetokenizer(tokenizer, skipSpecial: true)
        var streamed = ids.reduce(into: "") { $0 += streaming.append($1) }
        streamed += streaming.finish()
        precondition(
            Array(streamed.utf8) == Array(tokenizer.decode(ids, skipSpecial: true).utf8), "streamed and whole differ")
        return .accepted
    }
}
