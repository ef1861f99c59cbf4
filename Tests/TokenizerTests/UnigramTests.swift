import GGUF
import TestSupport
import Testing
import Tokenizer

@Suite("Unigram")
struct UnigramTests {
    private func vocabulary(_ pieces: [(String, Float)], hasBytes: Bool = false) -> SmallVocabulary {
        var vocabulary = SmallVocabulary.pieces("t5", [], hasBytes: hasBytes)
        vocabulary.tokens += pieces.map { ($0.0, .normal, $0.1) }
        vocabulary.entries["tokenizer.ggml.unknown_token_id"] = .uint32(0)
        vocabulary.entries["tokenizer.ggml.eos_token_id"] = .uint32(2)
        return vocabulary
    }

    private static let pieces: [(String, Float)] = [
        ("▁", -2), ("a", -3), ("b", -3), ("ab", -4), ("bc", -2), ("c", -3), ("abc", -7), ("▁a", -4),
    ]

    @Test("the cut with the highest sum of scores is taken")
    func viterbi() throws {
        let tokenizer = try vocabulary(Self.pieces).tokenizer()
        // a+bc is -5, ab+c and abc are -7, a+b+c is -9.
        #expect(tokenizer.pieces("abc") == ["a", "bc"])
        #expect(tokenizer.pieces("ab") == ["ab"])
        // ▁a+bc is -6, ▁+a+bc is -7.
        #expect(tokenizer.pieces(" abc") == ["▁a", "bc"])
        #expect(tokenizer.pieces("") == [])
    }

    @Test("characters without a token are unknown, several in a row together")
    func unknown() throws {
        let tokenizer = try vocabulary(Self.pieces).tokenizer()
        #expect(tokenizer.pieces("aéüb") == ["a", "<unk>", "b"])
        // "b" alone is no token here, but part of one.
        let without = try vocabulary(Self.pieces.filter { $0.0 != "b" }).tokenizer()
        #expect(without.pieces("ab") == ["ab"])
        #expect(without.pieces("bb") == ["<unk>"])
        let bytes = try vocabulary(Self.pieces, hasBytes: true).tokenizer()
        #expect(bytes.pieces("aéb") == ["a", "<0xC3>", "<0xA9>", "b"])
    }

    @Test("a space goes before a text, and several become one, where the file says so")
    func spaces() throws {
        var vocabulary = vocabulary(Self.pieces)
        vocabulary.entries["tokenizer.ggml.add_space_prefix"] = .bool(true)
        vocabulary.entries["tokenizer.ggml.remove_extra_whitespaces"] = .bool(true)
        let tokenizer = try vocabulary.tokenizer()
        #expect(tokenizer.pieces("  a   bc ") == ["▁a", "▁", "bc"])
        #expect(tokenizer.pieces("  ") == [])
        #expect(tokenizer.decode(tokenizer.encode("a bc")) == "a bc")
    }

    @Test("texts end with the token for that and begin with none")
    func framing() throws {
        let vocabulary = vocabulary(Self.pieces)
        #expect(try vocabulary.tokenizer().encode("ab", addSpecial: true) == [vocabulary.id("ab"), 2])
    }

    @Test("user-defined tokens are found first, and unused ones are like others")
    func kinds() throws {
        var vocabulary = vocabulary(Self.pieces)
        vocabulary.tokens += [("bca", .userDefined, -99), ("cc", .unused, -1)]
        #expect(try vocabulary.tokenizer().pieces("abcab") == ["a", "bca", "b"])
        #expect(try vocabulary.tokenizer().pieces("cc") == ["cc"])
    }

    /// A map of "A" to "a" and of "ABC" to "bc": four units of a double array, whose layout `CharacterMap` describes.
    private static let map: [UInt8] = {
        var units = [UInt32](repeating: 0, count: 1024)
        // The root's children are at 0x100 ^ byte; those of "A" at 0x200 ^ byte, of "AB" at 0x300 ^ byte.
        units[0] = 0x100 << 10
        units[0x100 ^ 0x41] = UInt32(0x41) | 1 << 8 | UInt32(0x100 ^ 0x41 ^ 0x200) << 10
        units[0x200] = 1 << 31 | 0
        units[0x200 ^ 0x42] = UInt32(0x42) | UInt32(0x200 ^ 0x42 ^ 0x300) << 10
        units[0x300 ^ 0x43] = UInt32(0x43) | 1 << 8 | UInt32(0x300 ^ 0x43 ^ 0x180) << 10
        units[0x180] = 1 << 31 | 2
        let bytes = [UInt32(units.count * 4)] + units
        return bytes.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
            + Array("a\0bc\0".utf8)
    }()

    private func vocabulary(map: [UInt8]) -> SmallVocabulary {
        var vocabulary = vocabulary(Self.pieces)
        vocabulary.entries["tokenizer.ggml.precompiled_charsmap"] = .array(GGUFArray(map.map { Int32($0) }))
        return vocabulary
    }

    @Test("what the character map names is replaced, the longest first")
    func characterMap() throws {
        let tokenizer = try vocabulary(map: Self.map).tokenizer()
        #expect(tokenizer.pieces("A") == ["a"])
        #expect(tokenizer.pieces("AABC") == ["a", "bc"])
        #expect(tokenizer.pieces("ABb") == ["a", "<unk>", "b"])
    }

    @Test(
        "a character map that contradicts itself is refused, or replaces nothing",
        arguments: 1...4 as ClosedRange<UInt64>)
    func damagedMaps(seed: UInt64) throws {
        let short = #expect(throws: TokenizerError.self) { try vocabulary(map: [1, 2]).tokenizer() }
        #expect(short?.code == .invalidVocabulary)
        #expect(throws: TokenizerError.self) { try vocabulary(map: Array(Self.map.dropLast())).tokenizer() }
        #expect(throws: TokenizerError.self) { try vocabulary(map: Array(Self.map.prefix(4000))).tokenizer() }
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var map = Self.map
            for _ in 0..<40 {
                map[Int.random(in: 4..<map.count - 1, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let tokenizer = try? vocabulary(map: map).tokenizer() else { continue }
            let ids = tokenizer.encode("ABCABCab é日 ABBA\u{0}A")
            #expect(ids.allSatisfy { Int($0) < tokenizer.vocabularySize }, "\(generator)")
        }
    }

    @Test("a text of 100,000 characters of one kind is encoded", arguments: ["a", " ", "abc", "é", "日"])
    func longTexts(part: String) throws {
        var pieces = Self.pieces
        pieces += (2...200).map { (String(repeating: "a", count: $0), -5) }
        let tokenizer = try vocabulary(pieces, hasBytes: true).tokenizer()
        let text = String(repeating: part, count: 100_000)
        #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }
}
