import Foundation
import GGUF
import TestSupport
import Testing
import Tokenizer

/// The vectors of `tokenizers/X.vectors.json` in the golden data.
struct TokenizerVectors: Decodable {
    struct Case: Decodable {
        let text: String
        let ids: [TokenID]
        let parsed: [TokenID]
        let framed: [TokenID]
        let decoded: String
        let roundTrips: Bool
        /// What llama.cpp gives where it differs; as good as the other.
        let alternative: [TokenID]?

        enum CodingKeys: String, CodingKey {
            case text, ids, decoded
            case parsed = "ids_parse_special"
            case framed = "ids_add_special"
            case roundTrips = "round_trip"
            case alternative = "ids_llamacpp"
        }
    }

    let cases: [Case]
}

/// Official vectors of llama.cpp.
struct OfficialVectors: Decodable {
    struct Case: Decodable {
        let text: String
        let ids: [TokenID]
    }

    let cases: [Case]
}

/// The vectors of a golden model's own tokenizer, `models/X/tokenizer_vectors.json`.
private struct ModelVectors: Decodable {
    struct Case: Decodable {
        let text: String
        let ids: [TokenID]
        let framed: [TokenID]
        let decoded: String

        enum CodingKeys: String, CodingKey {
            case text, ids, decoded
            case framed = "ids_with_special"
        }
    }

    let cases: [Case]
}

/// Holds a tokenizer against all vectors of a name.
private func checkVectors(_ tokenizer: Tokenizer, _ name: String) throws {
    let vectors: TokenizerVectors = try Golden.json("tokenizers/\(name).vectors.json")
    #expect(vectors.cases.count == 300)
    for vector in vectors.cases {
        let ids = tokenizer.encode(vector.text)
        #expect(ids == vector.ids || ids == vector.alternative, "\(name): \(vector.text.debugDescription)")
        #expect(tokenizer.encode(vector.text, parseSpecial: true) == vector.parsed, "\(vector.text.debugDescription)")
        #expect(tokenizer.encode(vector.text, addSpecial: true) == vector.framed, "\(vector.text.debugDescription)")
        #expect(tokenizer.decode(vector.ids) == vector.decoded)
        #expect((tokenizer.decode(ids) == vector.text) == vector.roundTrips)
        var stream = StreamingDetokenizer(tokenizer, skipSpecial: false)
        #expect(ids.map { stream.append($0) }.joined() + stream.finish() == vector.decoded)
    }
}

@Suite("Tokenizer against golden vectors", .enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
struct TokenizerGoldenTests {
    @Test(
        "all 300 vectors of the default model are equal and round trip",
        .enabled(if: Golden.defaultModel != nil, Comment(rawValue: Golden.defaultModelAbsence)))
    func defaultModel() throws {
        let file = try GGUFFile.open(path: #require(Golden.defaultModel).path)
        let tokenizer = try Tokenizer(metadata: file.metadata)
        try checkVectors(tokenizer, "smollm2")
        #expect(tokenizer.vocabularySize == 49_152)
        #expect(tokenizer.beginningOfSequence == 1)
        #expect(tokenizer.endOfSequence == 2)
        #expect(tokenizer.endOfGeneration == [0, 2])
        #expect(tokenizer.text(of: 1) == "<|im_start|>")
        #expect(tokenizer.chatTemplate?.contains("<|im_start|>") == true)
    }

    @Test("all vectors of other byte-level BPE vocabularies are equal", arguments: ["gpt-2", "llama-bpe", "qwen2"])
    func otherVocabularies(name: String) throws {
        let path = try Golden.unpacked("tokenizers/ggml-vocab-\(name).gguf.xz").path
        let tokenizer = try Tokenizer(metadata: GGUFFile.open(path: path).metadata)
        try checkVectors(tokenizer, name)
        let official: OfficialVectors = try Golden.json("tokenizers/\(name).llamacpp-official.json")
        #expect(!official.cases.isEmpty)
        for vector in official.cases {
            #expect(tokenizer.encode(vector.text) == vector.ids, "\(vector.text.debugDescription)")
        }
    }

    @Test(
        "the vectors of the golden models' own vocabularies are equal",
        arguments: ["llama3-tied-ropescaled", "qwen2-bias", "qwen3-qknorm"])
    func models(name: String) throws {
        let path = try Golden.file("gguf/\(name)-F16.gguf").path
        let tokenizer = try Tokenizer(metadata: GGUFFile.open(path: path).metadata)
        let vectors: ModelVectors = try Golden.json("models/\(name)/tokenizer_vectors.json")
        #expect(!vectors.cases.isEmpty)
        for vector in vectors.cases {
            #expect(tokenizer.encode(vector.text) == vector.ids, "\(vector.text.debugDescription)")
            #expect(tokenizer.encode(vector.text, addSpecial: true) == vector.framed, "\(vector.text.debugDescription)")
            #expect(tokenizer.decode(vector.ids) == vector.decoded)
        }
    }

    @Test("a SentencePiece vocabulary is refused by name", arguments: ["llama-spm", "phi-3"])
    func sentencePiece(name: String) throws {
        let path = try Golden.unpacked("tokenizers/ggml-vocab-\(name).gguf.xz").path
        let metadata = try GGUFFile.open(path: path).metadata
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(metadata: metadata) }
        #expect(error?.code == .unsupportedModel)
        #expect(error?.description.contains("llama") == true)
        #expect(error?.description.contains("gpt2") == true)
    }
}
