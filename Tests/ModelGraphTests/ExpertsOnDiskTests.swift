import ModelParts
import Formats
import Foundation
import GGUF
import ModelGraph
import Tensors
import TestSupport
import Testing

/// Stages whose experts stay in files.
@Suite struct ExpertsOnDiskTests {
    private static let prompt: [UInt32] = (0..<40).map { $0 * 37 % 250 }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func makeModel() throws -> GGUFFile {
        var model = TinyModel(type: .q4_0)
        model.experts = 16
        model.feedForward = 256
        model.layers = 3
        let path = folder.path + "/model.gguf"
        try model.write(to: path)
        return try GGUFFile.open(path: path)
    }

    private func stage(
        _ model: GGUFFile, compute: ComputeMode = .int8, packed: (any PackedPlaces)?, onDisk: Bool
    ) throws -> Stage {
        let configuration = try ModelConfiguration(file: model)
        return try Stage(
            configuration: configuration, range: StageRange(embedding: true, layers: 0..<3, head: true), tensors: model,
            compute: compute, context: 128, pool: ThreadPool(threads: 2), packed: packed, expertsOnDisk: onDisk)
    }

    private func logits(_ stage: Stage, chunk: Int) throws -> [Float] {
        try Pipeline(configuration: stage.configuration, stages: [stage]).logits(Self.prompt, chunk: chunk)
    }

    @Test("experts that stay in files give the bits of those in memory, freshly packed and mapped again")
    func experts() throws {
        defer { folder.remove() }
        let model = try makeModel()
        let packed = try #require(PackedFolder(in: folder.path + "/cache", model: model))
        let expected = try logits(stage(model, packed: nil, onDisk: false), chunk: 40)
        for start in 0..<2 {
            let stage = try stage(model, packed: packed, onDisk: true)
            #expect(stage.expertsOnDisk && stage.packedUse.inMemory == 0)
            #expect(start == 0 ? stage.packedUse.mapped == 0 : stage.packedUse.written == 0)
            for chunk in [1, 3, 40] {
                stage.close(sequence: 1)
                #expect(equalBits(try logits(stage, chunk: chunk), expected), "start \(start), chunk \(chunk)")
            }
        }
        // What is packed is the same for stages that hold all in memory.
        let whole = try stage(model, packed: packed, onDisk: false)
        #expect(whole.packedUse.written == 0)
        #expect(equalBits(try logits(whole, chunk: 7), expected))
        // Experts are most of it: three matrices of 256 x 64 each, blocks of 18 bytes for 32 weights.
        let bytes = Stage.expertBytes(whole.configuration, whole.range, model)
        #expect(bytes == 3 * 16 * 3 * 256 * 64 / 32 * 18)
    }

    @Test("the exact mode reads experts from the model's own file")
    func exactMode() throws {
        defer { folder.remove() }
        let model = try makeModel()
        let expected = try logits(stage(model, compute: .f32, packed: nil, onDisk: false), chunk: 40)
        let found = try logits(stage(model, compute: .f32, packed: nil, onDisk: true), chunk: 5)
        #expect(equalBits(found, expected))
    }

    @Test("where packed experts cannot be kept they are not packed into memory")
    func nowhereToKeep() throws {
        defer { folder.remove() }
        let model = try makeModel()
        let homeless = #expect(throws: ModelError.self) { try stage(model, packed: nil, onDisk: true) }
        #expect(homeless?.code == .notKept)
        #expect(homeless?.message.contains("blk.0.ffn_gate_exps.weight") == true)
        // A file stands where the folder should be.
        let obstacle = folder.path + "/obstacle"
        try Data().write(to: URL(filePath: obstacle))
        let packed = try #require(PackedFolder(in: obstacle, model: model))
        let blocked = #expect(throws: ModelError.self) { try stage(model, packed: packed, onDisk: true) }
        #expect(blocked?.code == .notKept && blocked?.message.contains("obstacle") == true)
    }
}
