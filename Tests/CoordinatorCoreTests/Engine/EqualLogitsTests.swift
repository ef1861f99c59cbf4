import ModelParts
import CoordinatorCore
import Formats
import GGUF
import ModelGraph
import Placement
import TestSupport
import Testing
import Tensors
import Wire

/// The same bits wherever the layers lie and however the tokens come.
struct EqualLogitsTests {
    private static let tokens: [UInt32] = (0..<45).map { 3 + ($0 * 37 + 11) % 250 }

    private func model(type: ElementType, tied: Bool) -> TinyModel {
        var model = TinyModel(type: type, seed: 5)
        model.layers = 6
        model.sharesEmbedding = tied
        return model
    }

    private func bits(_ logits: [Float]) -> [UInt32] { logits.map(\.bitPattern) }

    /// What one stage of the whole model computes without any cluster.
    private func reference(
        _ model: TinyModel, compute: ComputeMode, keyValueType: KeyValueType = .standard
    ) throws -> [UInt32] {
        let file = try GGUFFile(copying: try model.file(), path: "tiny.gguf")
        let configuration = try ModelConfiguration(file: file)
        let stage = try Stage(
            configuration: configuration,
            range: StageRange(embedding: true, layers: 0..<configuration.layers, head: true), tensors: file,
            compute: compute, keyValueType: keyValueType, context: 64, pool: ThreadPool(threads: 1))
        try stage.open(sequence: 1)
        var logits = [Float](repeating: 0, count: Self.tokens.count * configuration.vocabulary)
        try logits.withUnsafeMutableBufferPointer { logits in
            try Self.tokens.withUnsafeBufferPointer { tokens in
                try stage.forward(
                    input: .tokens(tokens), spans: [RowSpan(sequence: 1, position: 0, count: tokens.count)],
                    output: logits)
            }
        }
        return bits(logits)
    }

    @Test(
        .timeLimit(.minutes(10)),
        arguments: [
            (ElementType.q4_1, ComputeMode.int8, true), (.q8_0, .int8, false), (.f32, .f32, true),
        ])
    func `logits are equal for any number of workers and any chunk`(
        type: ElementType, compute: ComputeMode, tied: Bool
    ) async throws {
        let model = model(type: type, tied: tied)
        let expected = try reference(model, compute: compute == .f32 ? .f32 : .int8)
        for workers in [0, 1, 2, 3, 6] {
            let cluster = try await LocalCluster.start(model: model, workers: workers, compute: compute)
            let stages = await cluster.coordinator.report().stages
            #expect(Set(stages.map(\.device)).subtracting([LocalCluster.ownDevice]).count == workers)
            for chunk in [nil, 7, 1] {
                let logits = try await cluster.coordinator.logits(of: Self.tokens, chunk: chunk)
                #expect(bits(logits) == expected, "\(workers) workers, chunk \(chunk ?? 0)")
            }
            await cluster.stop()
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `logits with a q8_0 cache are equal for any number of workers and any chunk`() async throws {
        var model = model(type: .q4_0, tied: true)
        (model.heads, model.keyValueHeads) = (2, 1)  // heads of 32
        let expected = try reference(model, compute: .int8, keyValueType: .q8_0)
        #expect(expected != (try reference(model, compute: .int8)))
        for workers in [0, 1, 3] {
            let cluster = try await LocalCluster.start(model: model, workers: workers, keyValueType: .q8_0)
            for chunk in [nil, 7] {
                let logits = try await cluster.coordinator.logits(of: Self.tokens, chunk: chunk)
                #expect(bits(logits) == expected, "\(workers) workers, chunk \(chunk ?? 0)")
            }
            await cluster.stop()
        }
    }

    @Test(
        .timeLimit(.minutes(10)),
        arguments: [
            ["embedding=w1", "head=w2"], ["embedding=w2", "head=w1"], ["head=w1", "0-2=w1", "3-5=w2"],
            ["embedding=w1", "head=w1"], ["0-1=coordinator", "2-3=w1", "4-5=w2"],
            ["0-1=w1", "2-3=coordinator", "4-5=w2"],
        ])
    func `logits are equal wherever embedding, head and layers are pinned`(pins: [String]) async throws {
        for tied in [false, true] {
            let model = model(type: .q4_0, tied: tied)
            let cluster = try await LocalCluster.start(
                model: model, workers: 2, pins: try pins.map { try Pin(parsing: $0) })
            let stages = await cluster.coordinator.report().stages
            for pin in try pins.map({ try Pin(parsing: $0) }) {
                let holders = stages.filter { stage in
                    switch pin.part {
                    case .embedding: stage.embedding
                    case .head: stage.head
                    case .layers(let layers): stage.layers.overlaps(layers)
                    }
                }
                #expect(holders.map(\.device) == [pin.device], "\(pin)")
            }
            let expected = try reference(model, compute: .int8)
            for chunk in [nil, 7] {
                let logits = try await cluster.coordinator.logits(of: Self.tokens, chunk: chunk)
                #expect(bits(logits) == expected, "chunk \(chunk ?? 0), tied \(tied)")
            }
            await cluster.stop()
        }
    }
}
