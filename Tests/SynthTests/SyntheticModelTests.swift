import Formats
import Foundation
import GGUF
import Synth
import TestSupport
import Testing

/// Files with random weights.
@Suite struct SyntheticModelTests {
    private func weights(_ shape: ModelShape) -> Int {
        SyntheticModel(name: "", shape: shape.dimensions, type: .f16).tensors
            .reduce(0) { $0 + $1.dimensions.reduce(1, *) }
    }

    // What the publishers' safetensors hold (Gemma 3 4B without its vision part), and the stretching factors of Llama 3.
    @Test(
        arguments: [
            (.tinyllama, 1_100_048_384), (.llama2small, 6_738_415_616), (.llama2medium, 13_015_864_320),
            (.llama2large, 68_976_648_192), (.llama3tiny, 1_235_814_400 + 32), (.llama3small, 3_212_749_824 + 64),
            (.llama3medium, 8_030_261_248 + 64), (.mistral, 7_241_732_096), (.mixtral, 46_702_792_704),
            (.qwen3tiny, 596_049_920), (.qwen3small, 4_022_468_096), (.qwen3medium, 8_190_735_360),
            (.qwen3experts, 30_532_122_624), (.gemma3tiny, 999_885_952), (.gemma3small, 3_880_263_168),
            (.phi3mini, 3_821_079_552), (.gptOSS, 20_914_757_184),
        ] as [(ModelShape, Int)]) func `a shape has as many weights as its model`(shape: ModelShape, count: Int)
    {
        #expect(weights(shape) == count)
    }

    @Test(arguments: ModelShape.allCases) func `every shape can be laid out in every type`(shape: ModelShape) throws {
        for type in RandomBlocks.types {
            let layout = try GGUFWriter(
                tensors: SyntheticModel(name: "", shape: shape.dimensions, type: type).tensors
            ).layout()
            #expect(layout.dataByteCount > weights(shape) / 4)
        }
    }

    @Test(
        arguments: [
            (.q4_0, .q4_0, .q8_0), (.q4_K, .q5_0, .q8_0), (.q6_K, .q8_0, .q8_0), (.iq4_xs, .iq4_nl, .q8_0),
            (.q8_0, .q8_0, .q8_0), (.mxfp4, .q8_0, .q8_0), (.f16, .f16, .f16),
        ] as [(ElementType, ElementType, ElementType)])
    func `experts keep their own type, and rows that are no whole blocks have a coarser one`(
        asked: ElementType, attention: ElementType, head: ElementType
    ) {
        let tensors = SyntheticModel(name: "", shape: ModelShape.gptOSS.dimensions, type: asked).tensors
        let types = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.type) })
        #expect(types["blk.0.ffn_down_exps.weight"] == .mxfp4)
        #expect(types["blk.0.attn_q.weight"] == attention)
        #expect(types["output.weight"] == head)
        #expect(types["blk.0.ffn_gate_inp.weight"] == .f32)
    }

    /// A shape with few and small layers of its kind.
    private func small(_ shape: ModelShape) -> ModelDimensions {
        var small = shape.dimensions
        (small.layers, small.width, small.feedForwardWidth, small.heads, small.keyValueHeads) = (2, 64, 96, 4, 2)
        (small.vocabulary, small.context) = (300, 512)
        if small.explicitHeadSize != nil { small.explicitHeadSize = 32 }
        small.experts?.count = 4
        small.experts?.used = 2
        small.experts?.feedForwardWidth = 32
        return small
    }

    @Test(arguments: [ModelShape.llama3tiny, .mixtral, .qwen3tiny, .qwen3experts, .gemma3small, .phi3mini, .gptOSS])
    func `a file is whole, its numbers are sane, and the same seed gives the same bytes`(shape: ModelShape) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/model.gguf"
        func write(seed: UInt64) throws -> Data {
            var shown: [Int] = []
            try SyntheticModel(name: "m", shape: small(shape), type: .f32, seed: seed).write(to: path) { done, total in
                #expect(done <= total && done > shown.last ?? 0)
                shown.append(done)
            }
            return try Data(contentsOf: URL(filePath: path))
        }
        let bytes = try write(seed: 1)
        let file = try GGUFFile.openModel(path: path)
        try file.checkIsModel()
        for tensor in file.tensors where tensor.type == .f32 {
            let values = file.bytes(of: tensor).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            if tensor.name.hasSuffix("_norm.weight") {
                #expect(values.allSatisfy { $0 == 1 }, "\(tensor.name)")
            } else if tensor.name != "rope_freqs.weight" {
                #expect(values.allSatisfy { abs($0) <= 1 } && values.contains { $0 != 0 }, "\(tensor.name)")
            }
        }
        #expect(try write(seed: 1) == bytes)
        #expect(try write(seed: 2) != bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.gguf"])
    }

    @Test func `where a file cannot be written is told, and none is left`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let model = SyntheticModel(name: "m", shape: small(.llama2small), type: .q4_0)
        let error = try #require(throws: FileError.self) { try model.write(to: folder.path + "/none/model.gguf") }
        #expect(error.description.contains("none/model.gguf"))
        try FileManager.default.createDirectory(atPath: folder.path + "/model.gguf", withIntermediateDirectories: false)
        #expect(throws: FileError.self) { try model.write(to: folder.path + "/model.gguf") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["model.gguf"])
    }
}
