import GGUF
import TestSupport
import Tokenizer

/// Texts to tokens and back, by every way of splitting text. The first byte chooses it.
package struct TextFuzz: FuzzFormat {
    package static let name = "text"

    private let subjects: [Subject]
    private let encoders: [Bool]

    package init() throws {
        subjects = try Subject.byteLevel() + Subject.otherKinds()
        encoders = [false, true]
    }

    package var corpus: [[UInt8]] {
        let texts = [
            "Hello the world 123 <|im_start|> äö 日本\n\n  x", "I'm you'll  \t\r\n 1234567 ...!!! naïve",
            "e\u{301}\u{200d}👩‍👩‍👧", "",
        ]
        return subjects.indices.map { [UInt8($0)] + Array(texts[$0 % texts.count].utf8) }
    }

    package let words: [[UInt8]] =
        [
            " ", "  ", "\n", "\r\n", "\t", "'s", "'LL", "a", "the", "123", "<|im_start|>", "<|im_end|>", "<|", "é", "日",
            "👩‍👧", "\u{301}", "\u{a0}",
            "\u{2028}", "\u{3000}", "\u{f0000}", "\u{10ffff}", "Ġ", "!", "…", "٣", "ẞ", "\u{0}", "½", "Ⅷ",
            "▁", "<0x41>", "##b", "한", "ㄅ", "A", "aB", "\u{200d}",
        ].map { Array($0.utf8) } + [
            [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe6], [0xf0, 0x9f],
        ]

    /// Single words and runs of 1 MiB, and a shorter one for every tokenizer.
    package var extremes: [[UInt8]] {
        let parts = [
            "a", " ", "1", "!", "\n", "the ", "Hello", "<|im_", "é", "日", "\u{301}", " a", "'s", "\u{f0000}", "ab",
            "he",
        ]
        func run(_ part: String, _ tokenizer: Int, _ count: Int) -> [UInt8] {
            [UInt8(tokenizer)] + Array(String(repeating: part, count: count / part.utf8.count).utf8)
        }
        return parts.enumerated().map { run($1, $0 % 5, 1 << 20) }
            + subjects.indices.map { run(parts[$0 % parts.count], $0, 1 << 17) }
    }

    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        [UInt8(random.below(subjects.count))]
            + (0..<random.below(40)).flatMap { _ in
                random.oneIn(6) ? [UInt8(truncatingIfNeeded: random.bits())] : random.pick(words)
            }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        guard let first = input.first else { return .refused }
        let subject = subjects[Int(first) % subjects.count]
        let tokenizer = subject.tokenizer
        let text = String(decoding: input.dropFirst(), as: UTF8.self)
        for parseSpecial in encoders {
            let ids = tokenizer.encode(text, parseSpecial: parseSpecial)
            if !parseSpecial {
                precondition(!ids.contains { tokenizer.isSpecial($0) && $0 != subject.unknown }, "control out of text")
            }
            let whole = tokenizer.decode(ids)
            var streaming = StreamingDetokenizer(tokenizer, skipSpecial: false)
            var streamed = ids.reduce(into: "") { $0 += streaming.append($1) }
            streamed += streaming.finish()
            precondition(Array(streamed.utf8) == Array(whole.utf8), "streamed and whole differ")
            if let expected = subject.expected(text, parseSpecial) {
                precondition(Array(whole.utf8) == expected, "a text does not come back")
            }
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
