import GGUF
import TestSupport
import Testing
import Tokenizer

@Suite("Byte-pair encoding over characters (Gemma 4)")
struct CharacterPairTests {
    private func vocabulary() -> SmallVocabulary {
        var vocabulary = SmallVocabulary.pieces(
            "gemma4", SmallVocabulary.characters + ["\n", "\n\n", "\n\n\n", "▁▁", "th", "the", "▁the", "é!"],
            hasBytes: true)
        vocabulary.merges = ["▁ ▁", "t h", "th e", "▁ the", "\n \n", "é !"]
        vocabulary.entries["tokenizer.ggml.bos_token_id"] = .uint32(1)
        vocabulary.entries["tokenizer.ggml.eos_token_id"] = .uint32(2)
        return vocabulary
    }

    @Test("spaces become marks, none is added, and merges are done in their order")
    func merges() throws {
        let tokenizer = try vocabulary().tokenizer()
        #expect(tokenizer.pieces("the the") == ["the", "▁the"])
        #expect(tokenizer.pieces("the  the") == ["the", "▁▁", "the"])
        #expect(tokenizer.decode([vocabulary().id("▁the")]) == " the")
    }

    @Test("line feeds are apart from text, and a run of them that is a token is one")
    func newlines() throws {
        let tokenizer = try vocabulary().tokenizer()
        #expect(tokenizer.pieces("a\n\n\nthe") == ["a", "\n\n\n", "the"])
        #expect(tokenizer.pieces("\n\n\n\n") == ["\n\n", "\n\n"])
    }

    @Test("characters without a token become their bytes, also where a merge names them")
    func byteFallback() throws {
        let tokenizer = try vocabulary().tokenizer()
        #expect(tokenizer.pieces("é!") == ["<0xC3>", "<0xA9>", "!"])
        #expect(tokenizer.streamed(tokenizer.encode("aé")) == ["a", "", "é", ""])
    }

    @Test("the token that begins a sequence is always added, whatever the file says")
    func beginning() throws {
        var vocabulary = vocabulary()
        vocabulary.entries["tokenizer.ggml.add_bos_token"] = .bool(false)
        #expect(try vocabulary.tokenizer().encode("the", addSpecial: true) == [1, vocabulary.id("the")])
    }

    @Test("any text comes back as it was", arguments: 1...6 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let tokenizer = try vocabulary().tokenizer()
        for _ in 0..<100 {
            let text = generator.text(upTo: 60)
            guard !text.unicodeScalars.contains("\u{2581}") else { continue }
            #expect(tokenizer.decode(tokenizer.encode(text)) == text, "\(generator)")
        }
    }
}
