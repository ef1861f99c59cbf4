import Formats
import GGUF
import TestSupport
import Testing

@Suite("Tiny models")
struct TinyModelTests {
    @Test(
        "a tiny model of every type is a complete llama file, the same for the same seed",
        arguments: [.f32, .f16, .bf16, .q4_0, .q4_1, .q8_0] as [ElementType])
    func complete(type: ElementType) throws {
        let model = TinyModel(type: type, seed: 7)
        let bytes = try model.file()
        let file = try GGUFFile(bytes: MappedBytes(copying: bytes), path: "tiny")
        #expect(file.tensors.count == 3 + 9 * model.layers)
        #expect(try file.metadata.string("general.architecture") == "llama")
        #expect(try file.metadata.integer("llama.block_count") == model.layers)
        #expect(try file.metadata.strings("tokenizer.ggml.tokens").count == model.vocabulary)
        for tensor in file.tensors {
            #expect(tensor.type == (tensor.name.contains("norm") ? .f32 : type), "\(tensor.name)")
        }
        #expect(file.tensor(named: "blk.0.attn_k.weight")?.dimensions == [64, 32])
        #expect(file.tensor(named: "blk.3.ffn_down.weight")?.dimensions == [128, 64])
        #expect(try model.file() == bytes)
        #expect(try TinyModel(type: type, seed: 8).file() != bytes)
    }

    @Test("weights have mean 0 and the planned deviation, norms are near 1")
    func scale() throws {
        let file = try GGUFFile(bytes: MappedBytes(copying: TinyModel().file()), path: "tiny")
        func values(_ name: String) throws -> [Float] {
            let tensor = try #require(file.tensor(named: name))
            return file.bytes(of: tensor).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        }
        let weights = try values("blk.1.ffn_up.weight")
        let mean = weights.reduce(0, +) / Float(weights.count)
        let deviation = (weights.reduce(0) { $0 + $1 * $1 } / Float(weights.count)).squareRoot()
        #expect(abs(mean) < 0.01)
        #expect((0.12...0.13).contains(deviation))
        #expect(try values("output_norm.weight").allSatisfy { (0.9...1.1).contains($0) })
    }

    @Test("sizes that make no model are refused")
    func refusals() {
        var model = TinyModel(type: .q4_0)
        model.width = 80
        #expect(throws: GGUFError.self) { try model.file() }
        model = TinyModel()
        model.keyValueHeads = 3
        #expect(throws: GGUFError.self) { try model.file() }
        model = TinyModel(type: .q6_K)
        #expect(throws: GGUFError.self) { try model.file() }
        model = TinyModel()
        model.vocabulary = 10
        #expect(throws: GGUFError.self) { try model.file() }
    }

    @Test("a shared embedding leaves the head out, a larger vocabulary is filled up")
    func variants() throws {
        var model = TinyModel()
        model.sharesEmbedding = true
        model.vocabulary = 320
        let file = try GGUFFile(bytes: MappedBytes(copying: model.file()), path: "tiny")
        #expect(file.tensor(named: "output.weight") == nil)
        #expect(file.tensor(named: "token_embd.weight")?.rows == 320)
        #expect(Set(try file.metadata.strings("tokenizer.ggml.tokens")).count == 320)
    }
}
