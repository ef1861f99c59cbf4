import GGUF
import TestSupport
import Testing
import Tokenizer

@Suite("WordPiece")
struct WordPieceTests {
    /// A vocabulary in BERT's own form, or in that of llama.cpp's conversion, where words are marked and not what goes on.
    private func vocabulary(isConverted: Bool, _ entries: [String: GGUFValue] = [:]) -> SmallVocabulary {
        var vocabulary = SmallVocabulary()
        vocabulary.tokens = [
            ("[PAD]", .control, 0), ("[UNK]", .unknown, 0), ("[CLS]", .control, 0), ("[SEP]", .control, 0),
        ]
        for text in ["the", "token", "##s", "##ize", "##r", ".", ",", "'", "s", "日", "a", "##b"] {
            let isContinuation = text.hasPrefix("##")
            let piece = isConverted ? isContinuation ? String(text.dropFirst(2)) : "▁" + text : text
            vocabulary.tokens.append((piece, .normal, 0))
        }
        vocabulary.merges = []
        vocabulary.entries = [
            "tokenizer.ggml.model": .string("bert"), "tokenizer.ggml.unknown_token_id": .uint32(1),
            "tokenizer.ggml.cls_token_id": .uint32(2), "tokenizer.ggml.seperator_token_id": .uint32(3),
        ].merging(entries) { $1 }
        return vocabulary
    }

    /// The tokens in BERT's own form.
    private func pieces(_ text: String, isConverted: Bool, _ entries: [String: GGUFValue] = [:]) throws -> [String] {
        try vocabulary(isConverted: isConverted, entries).tokenizer().pieces(text).map { piece in
            guard isConverted, !piece.hasPrefix("[") else { return piece }
            return piece.hasPrefix("▁") ? String(piece.dropFirst()) : "##" + piece
        }
    }

    @Test("a word is the longest tokens from its beginning, in both forms of vocabularies", arguments: [true, false])
    func words(isConverted: Bool) throws {
        func pieces(_ text: String) throws -> [String] { try self.pieces(text, isConverted: isConverted) }
        #expect(try pieces("the tokens") == ["the", "token", "##s"])
        #expect(try pieces("tokenizers") == ["token", "##ize", "##r", "##s"])
        #expect(try pieces("the  tokenx the") == ["the", "[UNK]", "the"])
        #expect(try pieces("The TOKEN,the.") == ["the", "token", ",", "the", "."])
        #expect(try pieces("日日the") == ["日", "日", "the"])
        #expect(try pieces("thé\u{301} t\u{AD}he") == ["the", "the"])
        #expect(try pieces("") == [])
    }

    @Test("case and accents stay where the file says so")
    func normalisation() throws {
        let cased = ["tokenizer.ggml.normalizer.lowercase": GGUFValue.bool(false)]
        #expect(try pieces("The the thé", isConverted: true, cased) == ["[UNK]", "the", "[UNK]"])
        let accents = ["tokenizer.ggml.normalizer.strip_accents": GGUFValue.bool(false)]
        #expect(try pieces("THE thé", isConverted: true, accents) == ["the", "[UNK]"])
    }

    @Test("texts stand between the tokens of class and separator")
    func framing() throws {
        let tokenizer = try vocabulary(isConverted: true).tokenizer()
        #expect(tokenizer.encode("the", addSpecial: true) == [2, 4, 3])
        #expect(tokenizer.pieces("[SEP]the", parseSpecial: true) == ["[SEP]", "▁the"])
        #expect(!tokenizer.encode("[SEP]").contains(3))
    }

    @Test("words are joined with spaces, what goes on without", arguments: [true, false])
    func decoding(isConverted: Bool) throws {
        let tokenizer = try vocabulary(isConverted: isConverted).tokenizer()
        #expect(tokenizer.decode(tokenizer.encode("The tokens, the tokenizer.")) == "the tokens, the tokenizer.")
        #expect(tokenizer.streamed(tokenizer.encode("the tokens")) == ["the", " token", "s", ""])
    }

    @Test("a word of 100,000 letters is encoded")
    func longWords() throws {
        let tokenizer = try vocabulary(isConverted: true).tokenizer()
        #expect(tokenizer.encode("a" + String(repeating: "b", count: 100_000)).count == 100_001)
        #expect(tokenizer.encode(String(repeating: "token", count: 20_000)) == [1])
        #expect(tokenizer.encode(String(repeating: "日", count: 50_000)).count == 50_000)
    }
}
