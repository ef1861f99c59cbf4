import Formats
import Foundation
import GGUF
import TestSupport
import Testing

/// Files that are well-formed and no models.
@Suite("What a file holds")
struct GGUFContentTests {
    private func file(
        _ entries: [(key: String, value: GGUFValue)], tensors: [String] = ["t"]
    ) throws -> GGUFFile {
        let writer = GGUFWriter(
            metadata: entries, tensors: tensors.map { .init(name: $0, type: .f32, dimensions: [1]) })
        return try GGUFFile(copying: writer.file(contents: tensors.map { _ in [0, 0, 0, 0] }), path: "it.gguf")
    }

    @Test("what is no model is refused, with what it is and what to give instead")
    func refusals() throws {
        let architecture: (String, GGUFValue) = ("general.architecture", .string("llama"))
        let cases: [(entries: [(String, GGUFValue)], tensors: [String], content: GGUFContent, word: String)] = [
            ([architecture, ("general.type", .string("adapter"))], ["t"], .adapter, "adapter"),
            ([architecture, ("adapter.type", .string("lora"))], ["t"], .adapter, "merge it"),
            ([("general.architecture", .string("controlvector"))], ["direction.1"], .adapter, "adapter"),
            ([("general.type", .string("imatrix"))], ["blk.0.attn_q.weight.in_sum2"], .importanceMatrix, "importance"),
            ([("imatrix.chunk_count", .uint32(1))], ["t"], .importanceMatrix, "quantized model"),
            ([("general.type", .string("mmproj"))], ["v.t"], .projector, "mmproj"),
            (
                [("general.architecture", .string("clip")), ("general.type", .string("clip-vision"))], ["t"],
                .projector, "language model"
            ),
            ([architecture, ("tokenizer.ggml.model", .string("gpt2"))], [], .vocabulary, "vocabulary-only"),
            ([architecture], [], .nothing, "no weights"),
        ]
        for (entries, tensors, content, word) in cases {
            let file = try file(entries.map { (key: $0.0, value: $0.1) }, tensors: tensors)
            #expect(file.content == content)
            let error = try #require(throws: GGUFError.self) { try file.checkIsModel() }
            #expect(error.code == .notAModel)
            #expect(error.description.contains(word), "\(error)")
            #expect(error.description.hasPrefix("it.gguf: "))
        }
    }

    @Test("a model is one, whatever else its metadata say")
    func models() throws {
        try GGUFFile(copying: TinyModel().file()).checkIsModel()
        try file([("general.type", .string("model"))]).checkIsModel()
        try file([("general.type", .uint32(7)), ("general.architecture", .string("new"))]).checkIsModel()
        // Its first file may hold metadata alone.
        try SplitModel(GGUFFile(copying: TinyModel().file()), tensors: [0, 20]).open().checkIsModel()
    }

    @Test("llama.cpp's vocabularies are recognized", .enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
    func vocabularies() throws {
        let file = try GGUFFile.openModel(path: Golden.unpacked("tokenizers/ggml-vocab-qwen2.gguf.xz").path)
        #expect(file.content == .vocabulary)
    }
}
