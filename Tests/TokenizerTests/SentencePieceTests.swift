import GGUF
import TestSupport
import Testing
import Tokenizer

@Suite("SentencePiece")
struct SentencePieceTests {
    /// Scores fall from "▁the" on.
    private static let pieces = ["▁the", "the", "▁t", "he", "th", "▁▁", "in", "ing"] + SmallVocabulary.characters

    private func vocabulary(hasBytes: Bool = true) -> SmallVocabulary {
        .pieces("llama", Self.pieces, hasBytes: hasBytes)
    }

    @Test("neighbours are merged by score, leftmost first, after a space at the beginning")
    func merges() throws {
        let tokenizer = try vocabulary().tokenizer()
        // t+h (4) would come after h+e (3) and ▁+t (2); "▁the" needs "▁t" and "he".
        #expect(tokenizer.pieces("the") == ["▁the"])
        #expect(tokenizer.pieces("athe") == ["▁", "a", "the"])
        #expect(tokenizer.pieces("in the") == ["▁", "in", "▁the"])
        #expect(tokenizer.pieces("singing") == ["▁", "s", "ing", "ing"])
        #expect(tokenizer.pieces("a   b") == ["▁", "a", "▁▁", "▁", "b"])
        #expect(tokenizer.pieces("") == [])
    }

    @Test("a character without a token becomes its bytes")
    func byteFallback() throws {
        let tokenizer = try vocabulary().tokenizer()
        #expect(tokenizer.pieces("aé\n") == ["▁", "a", "<0xC3>", "<0xA9>", "<0x0A>"])
        #expect(tokenizer.streamed(tokenizer.encode("é!")) == ["", "", "é", "!", ""])
        #expect(tokenizer.decode(tokenizer.encode("日本 é")) == "日本 é")
    }

    @Test("without tokens for bytes, characters in a row are unknown together")
    func unknown() throws {
        let tokenizer = try vocabulary(hasBytes: false).tokenizer()
        #expect(tokenizer.pieces("aéüb é") == ["▁", "a", "<unk>", "b", "▁", "<unk>"])
    }

    @Test("the space at the beginning is taken away again, and only that one")
    func firstSpace() throws {
        let tokenizer = try vocabulary().tokenizer()
        for text in ["the", " the", "  the", "", " ", "   "] {
            #expect(tokenizer.decode(tokenizer.encode(text)) == text)
            #expect(tokenizer.streamed(tokenizer.encode(text)).joined() == text)
        }
        let the = vocabulary().id("▁the")
        #expect(tokenizer.streamed([the, the]) == ["the", " the", ""])
        #expect(tokenizer.decode([1, the], skipSpecial: true) == "the")
        // What goes on after text begins with a space; after a control token it begins anew.
        #expect(tokenizer.streamed([the], after: the) == [" the", ""])
        #expect(tokenizer.streamed([the], after: 1) == ["the", ""])
    }

    @Test("files can do without the space at the beginning, and without more than one anywhere")
    func spaces() throws {
        var plain = vocabulary()
        plain.entries["tokenizer.ggml.add_space_prefix"] = .bool(false)
        #expect(try plain.tokenizer().pieces("the the") == ["the", "▁the"])
        #expect(try plain.tokenizer().streamed([plain.id("▁the")]) == [" the", ""])
        var single = vocabulary()
        single.entries["tokenizer.ggml.remove_extra_whitespaces"] = .bool(true)
        #expect(try single.tokenizer().pieces("  the   a ") == ["▁the", "▁", "a"])
        #expect(try single.tokenizer().pieces("   ") == [])
    }

    @Test("a text between special tokens begins with a space")
    func specialTokens() throws {
        let tokenizer = try vocabulary().tokenizer()
        #expect(tokenizer.pieces("a</s>the", parseSpecial: true) == ["▁", "a", "</s>", "▁the"])
        #expect(tokenizer.pieces("</s>") == ["▁", "<", "/", "s", ">"])
        #expect(tokenizer.encode("the", addSpecial: true) == [1, vocabulary().id("▁the")])
        #expect(tokenizer.encode("", addSpecial: true) == [1])
    }

    @Test("neither control nor byte tokens are ever made from text by merging")
    func unreachable() throws {
        var vocabulary = vocabulary()
        vocabulary.tokens += [("</", .normal, -1), ("s>", .normal, -1), ("<0x0", .normal, -1), ("A>", .normal, -1)]
        let tokenizer = try vocabulary.tokenizer()
        #expect(tokenizer.pieces("</s>") == ["▁", "</", "s>"])
        #expect(tokenizer.pieces("<0x0A>").last != "<0x0A>")
        #expect(tokenizer.decode(tokenizer.encode("<0x0A>")) == "<0x0A>")
    }

    @Test("an unused token is a step to longer ones and no result")
    func unused() throws {
        var vocabulary = vocabulary()
        vocabulary.tokens += [("xy", .unused, 9), ("xyz", .normal, 8)]
        let tokenizer = try vocabulary.tokenizer()
        #expect(tokenizer.pieces("xyz") == ["▁", "xyz"])
        #expect(tokenizer.pieces("xy") == ["▁", "x", "y"])
    }

    @Test("user-defined tokens are found in any text")
    func userDefined() throws {
        var vocabulary = vocabulary()
        vocabulary.tokens.append(("the<x>", .userDefined, 0))
        let tokenizer = try vocabulary.tokenizer()
        #expect(tokenizer.pieces("athe<x>") == ["▁", "a", "the<x>"])
    }

    @Test("Phi-3's special tokens take the white space after them")
    func phi3() throws {
        var vocabulary = vocabulary()
        vocabulary.tokens.append(("<|user|>", .control, 0))
        #expect(try vocabulary.tokenizer().pieces("<|user|>\n a", parseSpecial: true).count == 5)
        vocabulary.entries["general.architecture"] = .string("phi3")
        let tokenizer = try vocabulary.tokenizer()
        #expect(tokenizer.pieces("<|user|>\n a", parseSpecial: true) == ["<|user|>", "▁", "a"])
        #expect(tokenizer.pieces("<s> a", parseSpecial: true) == ["<s>", "▁▁", "a"])
    }

    @Test("scores that are equal, infinite or no numbers have an order too")
    func oddScores() throws {
        var vocabulary = SmallVocabulary.pieces("llama", SmallVocabulary.characters, hasBytes: true)
        vocabulary.tokens += [
            ("ab", .normal, -0.0), ("bc", .normal, 0), ("de", .normal, .nan), ("ef", .normal, -.infinity),
        ]
        let tokenizer = try vocabulary.tokenizer()
        #expect(tokenizer.pieces("abcdef") == ["▁", "ab", "c", "d", "ef"])
        #expect(tokenizer.pieces("de") == ["▁", "de"])
        vocabulary.tokens.removeLast()
        #expect(try vocabulary.tokenizer().pieces("abcde") == ["▁", "ab", "c", "de"])
    }

    @Test("a file without scores, or with too few, is refused")
    func refusals() {
        var vocabulary = vocabulary()
        vocabulary.merges = []
        let missing = #expect(throws: TokenizerError.self) { try vocabulary.tokenizer() }
        #expect(missing?.code == .metadata)
        #expect(missing?.message.contains("tokenizer.ggml.scores") == true)
        vocabulary.entries["tokenizer.ggml.scores"] = .array(GGUFArray([0.5] as [Float]))
        let few = #expect(throws: TokenizerError.self) { try vocabulary.tokenizer() }
        #expect(few?.code == .invalidVocabulary)
    }

    @Test("any text comes back as it was", arguments: [true, false], 1...6 as ClosedRange<UInt64>)
    func roundTrip(addsPrefix: Bool, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var vocabulary = vocabulary()
        vocabulary.entries["tokenizer.ggml.add_space_prefix"] = .bool(addsPrefix)
        let tokenizer = try vocabulary.tokenizer()
        for _ in 0..<100 {
            let text = generator.text(upTo: 60)
            // The mark itself comes back as the space it stands for.
            guard !text.unicodeScalars.contains("\u{2581}") else { continue }
            let ids = tokenizer.encode(text)
            #expect(tokenizer.decode(ids) == text, "\(generator)")
            #expect(tokenizer.streamed(ids).joined() == text, "\(generator)")
        }
    }

    @Test("a text of 100,000 characters of one kind is encoded", arguments: ["a", " ", "the", "é", "日", "in"])
    func longTexts(part: String) throws {
        let tokenizer = try vocabulary().tokenizer()
        let text = String(repeating: part, count: 100_000)
        #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }
}

extension SeededGenerator {
    /// A random text: common letters and spaces among any characters of Unicode.
    mutating func text(upTo count: Int) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...count, using: &self) {
            let limit: UInt32 = [0, 0, 0x7f, 0x7ff, 0xffff, 0x10ffff].randomElement(using: &self) ?? 0
            if limit == 0 {
                text.append("  thein\n".randomElement(using: &self) ?? " ")
            } else {
                let scalar = Unicode.Scalar(UInt32.random(in: 0...limit, using: &self))
                text.unicodeScalars.append(scalar ?? " ")
            }
        }
        return text
    }
}
