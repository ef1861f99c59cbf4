import GGUF
import TestSupport
import Testing
import Tokenizer

@Suite("Tokenizer")
struct TokenizerTests {
    private static let entries = TinyVocabulary.metadata(count: TinyVocabulary.minimumCount)

    /// The tiny tokenizer, with some entries replaced, added (by name) or left out (nil).
    private func tokenizer(_ changes: [String: GGUFValue?] = [:]) throws -> Tokenizer {
        let added = changes.filter { change in !Self.entries.contains { $0.key == change.key } }
        let kept = Self.entries.compactMap { entry -> (key: String, value: GGUFValue)? in
            guard let change = changes[entry.key] else { return entry }
            return change.map { (entry.key, $0) }
        }
        return try Tokenizer(
            metadata: GGUFMetadata(entries: kept + added.compactMap { key, value in value.map { (key, $0) } }))
    }

    private func texts(_ tokenizer: Tokenizer, _ text: String) -> [String] {
        tokenizer.encode(text).map { tokenizer.decode([$0]) }
    }

    @Test("merges are done in their order")
    func merges() throws {
        let tokenizer = try tokenizer()
        #expect(texts(tokenizer, "the world") == ["t", "he", " world"])
        #expect(texts(tokenizer, "Hello the 12") == ["Hello", " the", " ", "1", "2"])
        #expect(tokenizer.encode("") == [])
    }

    @Test("the names of control tokens are text unless that is asked for")
    func special() throws {
        let tokenizer = try tokenizer()
        let text = "<|im_start|>user<|im_end|>"
        #expect(!tokenizer.encode(text).contains { tokenizer.isSpecial($0) })
        #expect(tokenizer.decode(tokenizer.encode(text)) == text)
        let parsed = tokenizer.encode(text, parseSpecial: true)
        #expect(parsed.map { tokenizer.text(of: $0) } == ["<|im_start|>", "user", "<|im_end|>"])
        #expect(tokenizer.encode("<|im_start", parseSpecial: true) == tokenizer.encode("<|im_start"))
    }

    @Test("merges that lead into a control token are not done")
    func mergeIntoControl() throws {
        let tokens = try #require(Self.entries.first { $0.key == "tokenizer.ggml.tokens" }?.value.array)
        var kinds = [Int32](repeating: 1, count: tokens.count)
        for token in 0..<3 { kinds[token] = 3 }
        let world = try #require(tokens.strings?.firstIndex(of: "Ġworld"))
        kinds[world] = 3
        let tokenizer = try tokenizer(["tokenizer.ggml.token_type": .array(GGUFArray(kinds))])
        #expect(texts(tokenizer, " world") == [" wor", "ld"])
        #expect(tokenizer.encode(" world", parseSpecial: true).count == 2)
    }

    @Test("user-defined tokens are found in any text, the longest first")
    func userDefined() throws {
        let tokens = try #require(Self.entries.first { $0.key == "tokenizer.ggml.tokens" }?.value.array?.strings)
        let kinds = tokens.indices.map { Int32($0 < 3 ? 3 : 1) } + [4, 4]
        let tokenizer = try tokenizer([
            "tokenizer.ggml.tokens": .array(GGUFArray(tokens + ["<a>", "<a><b>"])),
            "tokenizer.ggml.token_type": .array(GGUFArray(kinds)),
        ])
        #expect(texts(tokenizer, "x<a>y<a><b><a") == ["x", "<a>", "y", "<a><b>", "<", "a"])
        #expect(!tokenizer.isSpecial(TokenID(tokens.count)))
    }

    @Test("tokens that begin and end a sequence are added where file and caller want them")
    func framing() throws {
        #expect(try tokenizer().encode("a", addSpecial: true) == tokenizer().encode("a"))
        let framed = try tokenizer([
            "tokenizer.ggml.add_bos_token": .bool(true), "tokenizer.ggml.add_eos_token": .bool(true),
        ])
        #expect(framed.encode("a", addSpecial: true) == [1] + framed.encode("a") + [2])
        #expect(framed.encode("", addSpecial: true) == [1, 2])
        #expect(framed.encode("a").count == 1)
    }

    @Test("tokens that end an answer are those the file names and those known by their text")
    func endOfGeneration() throws {
        #expect(try tokenizer().endOfGeneration == [0, 2])
        #expect(try tokenizer(["tokenizer.ggml.eot_token_id": .uint32(9)]).endOfGeneration == [0, 2, 9])
        #expect(try tokenizer(["tokenizer.ggml.eos_token_id": .uint32(.max)]).endOfSequence == nil)
        #expect(try tokenizer(["tokenizer.ggml.eos_token_id": .int32(-1)]).endOfSequence == nil)
    }

    @Test("ids outside of the vocabulary are no text and no crash")
    func outside() throws {
        let tokenizer = try tokenizer()
        for id in [TokenID(tokenizer.vocabularySize), .max] {
            #expect(tokenizer.bytes(of: id) == [])
            #expect(tokenizer.text(of: id) == nil)
            #expect(!tokenizer.isSpecial(id))
            #expect(tokenizer.decode([id]) == "")
        }
    }

    @Test("metadata that are no tokenizer are refused by name")
    func refusals() {
        func error(_ changes: [String: GGUFValue?]) -> TokenizerError? {
            #expect(throws: TokenizerError.self) { try tokenizer(changes) }
        }
        let model = error(["tokenizer.ggml.model": .string("rwkv")])
        #expect(model?.code == .unsupportedModel)
        #expect(model?.message.contains("rwkv") == true)
        #expect(model?.message.contains("gpt2") == true)
        let pre = error(["tokenizer.ggml.pre": .string("martian")])
        #expect(pre?.code == .unsupportedPreTokenizer)
        #expect(pre?.message.contains("martian") == true)
        #expect(pre?.message.contains("smollm") == true)
        for key in ["tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.merges"] {
            let missing = error([key: nil])
            #expect(missing?.code == .metadata)
            #expect(missing?.message.contains(key) == true)
            #expect(error([key: .bool(true)])?.code == .metadata)
        }
        let kinds = error(["tokenizer.ggml.token_type": .array(GGUFArray([1, 3] as [Int32]))])
        #expect(kinds?.code == .invalidVocabulary)
        #expect(error(["tokenizer.ggml.eos_token_id": .uint32(100_000)])?.code == .invalidVocabulary)
        #expect(error(["tokenizer.ggml.merges": .array(GGUFArray(["nospace"]))])?.code == .invalidVocabulary)
        #expect(error(["tokenizer.ggml.merges": .array(GGUFArray(["a "]))])?.code == .invalidVocabulary)
        #expect(error(["tokenizer.ggml.merges": .array(GGUFArray([""]))])?.code == .invalidVocabulary)
    }

    @Test("a byte without a token becomes the unknown token")
    func missingByte() throws {
        let tokens = try #require(Self.entries.first { $0.key == "tokenizer.ggml.tokens" }?.value.array?.strings)
        let without = tokens.map { $0 == "Z" ? "<gone>" : $0 }
        let changes: [String: GGUFValue?] = ["tokenizer.ggml.tokens": .array(GGUFArray(without))]
        #expect(try tokenizer(changes).encode("aZ") == [TokenID(UInt8(ascii: "a")) + 3, 0])
        let silent = try tokenizer(changes.merging(["tokenizer.ggml.unknown_token_id": nil]) { $1 })
        #expect(silent.encode("aZ") == [TokenID(UInt8(ascii: "a")) + 3])
    }

    @Test("random changes of the metadata never crash the tokenizer", arguments: 1...4 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let whole = try GGUFWriter(metadata: Self.entries).file(contents: [])
        let text = "Hello the world 123 <|im_start|> äö 日本"
        var made = 0
        for _ in 0..<1000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 24..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            guard let file = try? GGUFFile(copying: bytes),
                let tokenizer = try? Tokenizer(metadata: file.metadata)
            else { continue }
            made += 1
            let ids = tokenizer.encode(text, parseSpecial: true, addSpecial: true)
            #expect(ids.allSatisfy { Int($0) < tokenizer.vocabularySize }, "\(generator)")
            _ = tokenizer.decode(ids)
        }
        #expect(made > 100, "\(generator)")
    }
}
