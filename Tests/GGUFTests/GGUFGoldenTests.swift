import Formats
import Foundation
import GGUF
import TestSupport
import Testing

@Suite("Golden GGUF files", .enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
struct GGUFGoldenTests {
    @Test("all files open, and their metadata and tensors are plausible", arguments: ["gguf", "gguf_quant"])
    func allOpen(folder: String) throws {
        let files = try Golden.files(in: folder, suffix: ".gguf")
        #expect(!files.isEmpty)
        for url in files {
            let file = try GGUFFile.open(path: url.path)
            let architecture = try file.metadata.string("general.architecture")
            let layers = try file.metadata.integer("\(architecture).block_count")
            let width = try file.metadata.integer("\(architecture).embedding_length")
            #expect(file.tensor(named: "token_embd.weight")?.columns == width, "\(url.path)")
            #expect(file.tensors.contains { $0.name.hasPrefix("blk.\(layers - 1).") }, "\(url.path)")
            #expect(!file.tensors.contains { $0.name.hasPrefix("blk.\(layers).") }, "\(url.path)")
            // Nothing is left over: the tensors with their padding fill the file to its end.
            let end = file.tensors.map { $0.offset + $0.byteCount }.max() ?? 0
            #expect(file.tensorData.count - end < file.alignment, "\(url.path)")
        }
    }

    @Test("the types inside are those the file names promise")
    func types() throws {
        for url in try Golden.files(in: "gguf_quant", suffix: "-Q8_0.gguf") {
            let file = try GGUFFile.open(path: url.path)
            #expect(Set(file.tensors.map(\.type)).isSubset(of: [.q8_0, .f32, .f16]), "\(url.path)")
            #expect(file.tensors.contains { $0.type == .q8_0 })
        }
        let file = try GGUFFile.open(path: Golden.file("gguf/llama-gqa-F32.gguf").path)
        #expect(Set(file.tensors.map(\.type)) == [.f32])
    }

    @Test("a file written from what was read is the same file")
    func rewritten() throws {
        for url in try Golden.files(in: "gguf", suffix: ".gguf") {
            let file = try GGUFFile.open(path: url.path)
            let writer = GGUFWriter(
                metadata: file.metadata.entries,
                tensors: file.tensors.map { .init(name: $0.name, type: $0.type, dimensions: $0.dimensions) })
            let bytes = try writer.file(contents: file.tensors.map { file.bytes(of: $0).withUnsafeBytes { Array($0) } })
            #expect(MappedBytes(copying: bytes) == file.bytes, "\(url.path)")
        }
    }

    @Test(
        "the default model has the shape it is known for",
        .enabled(if: Golden.defaultModel != nil, Comment(rawValue: Golden.defaultModelAbsence)))
    func defaultModel() throws {
        let file = try GGUFFile.open(path: #require(Golden.defaultModel).path)
        #expect(file.bytes.count == 98_362_432)
        #expect(file.tensors.count == 272)
        #expect(try file.metadata.integer("llama.block_count") == 30)
        #expect(try file.metadata.strings("tokenizer.ggml.tokens").count == 49_152)
        let embedding = try #require(file.tensor(named: "token_embd.weight"))
        #expect((embedding.type, embedding.columns, embedding.rows) == (.q8_0, 576, 49_152))
    }
}
