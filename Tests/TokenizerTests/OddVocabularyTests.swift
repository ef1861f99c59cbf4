import GGUF
import TestSupport
import Testing
import Tokenizer

/// Vocabularies that say of themselves what is not so, or too little.
@Suite("Odd vocabularies")
struct OddVocabularyTests {
    /// A byte-level vocabulary of some letters with other tokens after them.
    private func vocabulary(
        _ tokens: [(String, Kind)], _ entries: [String: GGUFValue] = [:]
    ) -> SmallVocabulary {
        var vocabulary = SmallVocabulary()
        vocabulary.tokens = (33..<127).map { (String(Unicode.Scalar(UInt8($0))), .normal, 0) }
        vocabulary.tokens += tokens.map { ($0.0, $0.1, 0) }
        vocabulary.merges = ["< /", "</ s", "</s >"]
        vocabulary.entries = ["tokenizer.ggml.model": .string("gpt2"), "tokenizer.ggml.pre": .string("gpt-2")]
        vocabulary.entries.merge(entries) { $1 }
        return vocabulary
    }

    @Test(
        "a control token that is typed as text is taken for what it is",
        arguments: ["<|im_end|>", "<end_of_turn>", "<|eot_id|>", "<|end|>", "<turn|>"],
        [Kind.normal, .userDefined, .unused])
    func typedAsText(text: String, kind: Kind) throws {
        let vocabulary = vocabulary([(text, kind)])
        let tokenizer = try vocabulary.tokenizer()
        let id = vocabulary.id(text)
        #expect(tokenizer.isSpecial(id))
        #expect(tokenizer.endOfGeneration == [id])
        #expect(tokenizer.warnings.contains { $0.contains(text) && $0.contains("token_type") })
        #expect(!tokenizer.encode("a\(text)").contains(id))
        #expect(tokenizer.encode("a\(text)", parseSpecial: true).last == id)
        #expect(tokenizer.decode([id], skipSpecial: true) == "")
    }

    @Test("a text that may be text stays that where it is typed so")
    func endOrText() throws {
        let asText = vocabulary([("</", .normal), ("</s", .normal), ("</s>", .normal), ("<|im_end|>", .control)])
        var unsplit = asText
        unsplit.entries["tokenizer.ggml.pre"] = .string("superbpe")
        let tokenizer = try unsplit.tokenizer()
        #expect(tokenizer.pieces("</s>") == ["</s>"])
        #expect(tokenizer.endOfGeneration == [asText.id("<|im_end|>")])
        let asEnd = vocabulary([("</s>", .control)])
        #expect(try asEnd.tokenizer().endOfGeneration == [asEnd.id("</s>")])
        #expect(try asEnd.tokenizer().endOfSequence == asEnd.id("</s>"))
    }

    @Test("an end of the name of an HTML tag is one where its beginning is a control token")
    func tags() throws {
        let tag = vocabulary([("<s>", .userDefined), ("</s>", .userDefined), ("<eos>", .control)])
        #expect(try tag.tokenizer().endOfGeneration == [tag.id("<eos>")])
        #expect(try tag.tokenizer().pieces("a</s>") == ["a", "</s>"])
        let end = vocabulary([("<s>", .control), ("</s>", .userDefined)])
        #expect(try end.tokenizer().endOfGeneration == [end.id("</s>")])
        #expect(try !end.tokenizer().encode("a</s>").contains(end.id("</s>")))
    }

    @Test("a file without kinds of tokens is read by roles and texts")
    func noKinds() throws {
        let all = SmallVocabulary.pieces("llama", SmallVocabulary.characters + ["<|im_end|>"], hasBytes: true)
        let entries: [(key: String, value: GGUFValue)] = [
            ("tokenizer.ggml.model", .string("llama")),
            ("tokenizer.ggml.tokens", .array(GGUFArray(all.tokens.map(\.text)))),
            ("tokenizer.ggml.scores", .array(GGUFArray(all.tokens.map(\.score)))),
            ("tokenizer.ggml.bos_token_id", .uint32(1)), ("tokenizer.ggml.eos_token_id", .uint32(2)),
        ]
        let tokenizer = try Tokenizer(metadata: GGUFMetadata(entries: entries))
        #expect(tokenizer.warnings.contains { $0.contains("tokenizer.ggml.token_type") })
        #expect(tokenizer.decode(tokenizer.encode("é\n")) == "é\n")
        #expect(tokenizer.isSpecial(1) && tokenizer.isSpecial(2) && !tokenizer.isSpecial(3))
        #expect(tokenizer.endOfGeneration == [2, all.id("<|im_end|>")])
    }

    @Test("what ends a message within an answer does not end the answer")
    func innerEnds() throws {
        let harmony = vocabulary([("<|return|>", .control), ("<|call|>", .control), ("<|end|>", .control)])
        #expect(try harmony.tokenizer().endOfGeneration == [harmony.id("<|return|>"), harmony.id("<|call|>")])
        let gemma = vocabulary(
            [("<|tool_response>", .control), ("</s>", .control), ("<turn|>", .control)],
            [
                "tokenizer.ggml.eos_token_id": .int32(-1)
            ])
        #expect(try gemma.tokenizer().endOfGeneration == [gemma.id("<|tool_response>"), gemma.id("<turn|>")])
    }

    @Test("an end that the file does not name is found by its text, with a warning")
    func missingEnd() throws {
        let found = vocabulary([("<|im_end|>", .control), ("<|endoftext|>", .control)])
        let tokenizer = try found.tokenizer()
        #expect(tokenizer.endOfSequence == found.id("<|endoftext|>"))
        #expect(tokenizer.warnings.contains { $0.contains("eos_token_id") && $0.contains("<|endoftext|>") })
        let none = try vocabulary([]).tokenizer()
        #expect(none.endOfSequence == nil)
        #expect(none.endOfGeneration == [])
        #expect(none.warnings.contains { $0.contains("no token that ends an answer") })
    }

    @Test("a beginning that is to be added and not named is found by its text, or warned about")
    func missingBeginning() throws {
        let added = ["tokenizer.ggml.add_bos_token": GGUFValue.bool(true)]
        let found = vocabulary([("<s>", .control)], added)
        #expect(try found.tokenizer().encode("a", addSpecial: true).first == found.id("<s>"))
        let none = try vocabulary([], added).tokenizer()
        #expect(none.encode("a", addSpecial: true) == none.encode("a"))
        #expect(none.warnings.contains { $0.contains("bos_token_id") })
    }

    @Test("a missing pre-tokenizer is warned about, an unknown one refused by name")
    func preTokenizer() throws {
        var vocabulary = vocabulary([("<|im_end|>", .control)])
        vocabulary.entries["tokenizer.ggml.eos_token_id"] = .uint32(UInt32(vocabulary.id("<|im_end|>")))
        #expect(try vocabulary.tokenizer().warnings == [])
        vocabulary.entries["tokenizer.ggml.pre"] = nil
        #expect(try vocabulary.tokenizer().warnings.count == 1)
        #expect(try vocabulary.tokenizer().warnings.first?.contains("tokenizer.ggml.pre") == true)
        vocabulary.entries["tokenizer.ggml.pre"] = .string("martian")
        let error = #expect(throws: TokenizerError.self) { try vocabulary.tokenizer() }
        #expect(error?.code == .unsupportedPreTokenizer)
        #expect(error?.message.contains("martian") == true)
        // Other kinds of tokenizers have none, whatever is written there.
        var sentencePiece = SmallVocabulary.pieces("llama", SmallVocabulary.characters, hasBytes: true)
        sentencePiece.entries["tokenizer.ggml.pre"] = .string("martian")
        #expect(try sentencePiece.tokenizer().pieces("a") == ["▁", "a"])
    }

    @Test("rows of the embedding without a token are never chosen, tokens without a row are refused")
    func embedding() throws {
        let vocabulary = vocabulary(
            [("<|im_end|>", .control)], ["tokenizer.ggml.suppress_tokens": .array(GGUFArray([3, 9999] as [Int32]))])
        let tokenizer = try vocabulary.tokenizer()
        let count = tokenizer.vocabularySize
        #expect(try tokenizer.check(embeddingRows: count) == nil)
        #expect(tokenizer.forbiddenTokens(embeddingRows: count) == [3])
        #expect(try tokenizer.check(embeddingRows: count + 2)?.contains("\(count + 2)") == true)
        #expect(tokenizer.forbiddenTokens(embeddingRows: count + 2) == [3, TokenID(count), TokenID(count + 1)])
        let error = #expect(throws: TokenizerError.self) { try tokenizer.check(embeddingRows: count - 1) }
        #expect(error?.code == .invalidVocabulary)
        #expect(error?.message.contains("\(count - 1)") == true)
    }

    @Test(
        "random changes of the metadata never crash a tokenizer of any kind",
        arguments: ["llama", "t5", "bert", "gemma4"])
    func mutations(model: String) throws {
        var generator = SeededGenerator(seed: 11)
        var vocabulary = SmallVocabulary.pieces(
            model, ["▁the", "the", "he", "##s", "é", "日本"] + SmallVocabulary.characters, hasBytes: true)
        vocabulary.entries["tokenizer.ggml.merges"] = .array(GGUFArray(["h e", "t he", "▁ the"]))
        var entries = vocabulary.entries
        entries["tokenizer.ggml.tokens"] = .array(GGUFArray(vocabulary.tokens.map(\.text)))
        entries["tokenizer.ggml.token_type"] = .array(GGUFArray(vocabulary.tokens.map(\.kind.rawValue)))
        entries["tokenizer.ggml.scores"] = .array(GGUFArray(vocabulary.tokens.map(\.score)))
        let whole = try GGUFWriter(metadata: entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
            .file(contents: [])
        var made = 0
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: 24..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            guard let file = try? GGUFFile(copying: bytes), let tokenizer = try? Tokenizer(metadata: file.metadata)
            else { continue }
            made += 1
            let ids = tokenizer.encode("  the thes é日本\n\n</s>x", parseSpecial: true, addSpecial: true)
            #expect(ids.allSatisfy { Int($0) < tokenizer.vocabularySize }, "\(generator)")
            #expect(tokenizer.streamed(ids).joined() == tokenizer.decode(ids), "\(generator)")
        }
        #expect(made > 50, "\(generator)")
    }
}
