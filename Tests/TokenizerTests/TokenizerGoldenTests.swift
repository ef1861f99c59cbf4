import Foundation
import GGUF
import TestSupport
import Testing
import Tokenizer

/// Holds a tokenizer against all vectors of a name.
private func checkVectors(_ tokenizer: Tokenizer, _ name: String) throws {
    let vectors: VocabularyVectors = try Golden.json("tokenizers/\(name).vectors.json")
    #expect(vectors.cases.count == 300)
    for vector in vectors.cases {
        let text = vector.text.debugDescription
        let ids = tokenizer.encode(vector.text)
        #expect(ids == vector.ids || ids == vector.alternative, "\(name): \(text)")
        let parsed = tokenizer.encode(vector.text, parseSpecial: true)
        #expect(parsed == vector.parsed || parsed == vector.parsedAlternative, "\(name): \(text)")
        #expect(tokenizer.encode(vector.text, addSpecial: true) == vector.framed, "\(name): \(text)")
        #expect(tokenizer.decode(vector.ids) == vector.decoded, "\(name): \(text)")
        #expect((tokenizer.decode(ids) == vector.text) == vector.roundTrips, "\(name): \(text)")
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
        #expect(tokenizer.warnings == [])
    }

    @Test("all vectors of llama.cpp's vocabularies are equal", arguments: GoldenTokenizers.vocabularies)
    func vocabularies(name: String) throws {
        let path = try Golden.unpacked("tokenizers/ggml-vocab-\(name).gguf.xz").path
        let tokenizer = try Tokenizer(metadata: GGUFFile.open(path: path).metadata)
        try checkVectors(tokenizer, name)
        // llama.cpp's own: texts with a line between them, and a line of numbers for each.
        let texts = try String(decoding: Golden.bytes("tokenizers/ggml-vocab-\(name).gguf.inp"), as: UTF8.self)
            .components(separatedBy: "\n__ggml_vocab_test__\n")
        let lines = try String(decoding: Golden.bytes("tokenizers/ggml-vocab-\(name).gguf.out"), as: UTF8.self)
            .components(separatedBy: "\n")
        #expect(texts.count >= 20)
        #expect(lines.count >= texts.count)
        for (text, line) in zip(texts, lines) {
            let ids = line.split(separator: " ").compactMap { TokenID($0) }
            #expect(tokenizer.encode(text) == ids, "\(name): \(text.debugDescription)")
        }
    }

    @Test("the vectors of the golden models' own vocabularies are equal", arguments: GoldenTokenizers.models)
    func models(model: GoldenTokenizers.Model) throws {
        let tokenizer = try Tokenizer(metadata: GGUFFile.open(path: model.file.path).metadata)
        let vectors = try JSONDecoder().decode(ModelVectors.self, from: Data(contentsOf: model.vectors))
        #expect(!vectors.cases.isEmpty)
        for vector in vectors.cases {
            let text = vector.text.debugDescription
            #expect(tokenizer.encode(vector.text) == vector.ids, "\(text)")
            #expect(tokenizer.encode(vector.text, addSpecial: true) == vector.framed, "\(text)")
            #expect(tokenizer.decode(vector.ids) == vector.decoded, "\(text)")
            var stream = StreamingDetokenizer(tokenizer, skipSpecial: false)
            #expect(vector.ids.map { stream.append($0) }.joined() + stream.finish() == vector.decoded, "\(text)")
        }
    }

    @Test("every golden model's tokenizer is read", arguments: GoldenTokenizers.folders)
    func allFiles(folder: URL) throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "gguf").path)
        let models = files.filter { $0.hasSuffix("-F16.gguf") }.sorted()
        #expect(!models.isEmpty)
        for name in models {
            let file = try GGUFFile.open(path: folder.appending(path: "gguf/\(name)").path)
            let tokenizer = try Tokenizer(metadata: file.metadata)
            let text = "Hello  wörld\n\n日本 1234"
            #expect(tokenizer.decode(tokenizer.encode(text)) == text, "\(name)")
        }
    }
}
