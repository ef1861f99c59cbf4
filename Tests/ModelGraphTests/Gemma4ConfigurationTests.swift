import ModelParts
import Foundation
import GGUF
import ModelGraph
import Tensors
import TestSupport
import Testing

/// What the keys of Gemma 4 say of layers, rows and cuts.
@Suite struct Gemma4ConfigurationTests {
    /// Layers 2 and 5 see all positions; the last two read what 2 and 3 keep.
    private static let entries: [(key: String, value: GGUFValue)] = [
        ("general.architecture", .string("gemma4")), ("gemma4.block_count", .uint32(6)),
        ("gemma4.embedding_length", .uint32(64)), ("gemma4.attention.head_count", .uint32(4)),
        ("gemma4.attention.head_count_kv", .array(GGUFArray([2, 2, 1, 2, 2, 1] as [Int32]))),
        ("gemma4.feed_forward_length", .array(GGUFArray([32, 32, 32, 32, 96, 96] as [Int32]))),
        ("gemma4.attention.key_length", .uint32(32)), ("gemma4.attention.value_length", .uint32(32)),
        ("gemma4.attention.key_length_swa", .uint32(16)), ("gemma4.attention.value_length_swa", .uint32(16)),
        ("gemma4.attention.layer_norm_rms_epsilon", .float32(1e-6)), ("gemma4.attention.sliding_window", .uint32(24)),
        ("gemma4.attention.sliding_window_pattern", .array(GGUFArray([true, true, false, true, true, false]))),
        ("gemma4.attention.shared_kv_layers", .uint32(2)),
        ("gemma4.embedding_length_per_layer_input", .uint32(8)), ("gemma4.vocab_size", .uint32(512)),
    ]

    private func read(_ changes: [String: GGUFValue?] = [:]) throws -> ModelConfiguration {
        var entries = Self.entries.filter { changes[$0.key] == nil }
        for (key, value) in changes.sorted(by: { $0.key < $1.key }) { if let value { entries.append((key, value)) } }
        return try ModelConfiguration(metadata: GGUFMetadata(entries: entries))
    }

    private func attention(_ configuration: ModelConfiguration) throws -> [AttentionShape] {
        try configuration.layerShapes.map { shape in
            guard case .attention(let attention) = shape.mixer else { throw Missing() }
            return attention
        }
    }

    private struct Missing: Error {}

    @Test("layers have their own heads, windows and networks, and the last read earlier ones")
    func layersHaveTheirOwn() throws {
        let configuration = try read(), layers = try attention(configuration)
        #expect(layers.map(\.keyValueHeads) == [2, 2, 1, 2, 2, 1])
        #expect(layers.map(\.keySize) == [16, 16, 32, 16, 16, 32] && layers.allSatisfy { $0.scale == 1 })
        #expect(layers.map(\.window) == [24, 24, nil, 24, 24, nil])
        #expect(layers.map(\.sharedLayer) == [nil, nil, nil, nil, 3, 2])
        #expect(
            configuration.layerShapes.map(\.network)
                == [32, 32, 32, 32, 96, 96].map {
                    .dense(DenseShape(width: $0, function: .gated(.geluTanh)))
                })
        // What reads another layer's keys keeps none: (2 + 2 + 2) heads of 16 and one of 32, keys and values, in halves.
        let bytes = (0..<6).map { configuration.keyValueBytesPerPosition(layer: $0, compute: .int8) }
        #expect(bytes == [128, 128, 128, 128, 0, 0])
    }

    @Test("rows carry the inputs of the layers before them, and layers that share keys are not cut apart")
    func rowsCarryTheInputs() throws {
        let configuration = try read()
        #expect((0...6).map(configuration.rowWidth(before:)) == [112, 104, 96, 88, 80, 72, 64])
        #expect(configuration.undividedLayers == [2..<6])
        #expect((0...6).map(configuration.mayCut(before:)) == [true, true, true, false, false, false, true])
        let plain = try read([
            "gemma4.attention.shared_kv_layers": GGUFValue?.none,
            "gemma4.embedding_length_per_layer_input": .uint32(0),
        ])
        #expect(plain.undividedLayers.isEmpty && (0...6).allSatisfy { plain.rowWidth(before: $0) == 64 })
    }

    @Test(
        "keys that make no sense are refused by name",
        arguments: [
            ("attention.shared_kv_layers", GGUFValue.uint32(6)), ("attention.shared_kv_layers", .uint32(5)),
            ("attention.head_count_kv", .array(GGUFArray([2, 2, 1, 2] as [Int32]))),
            ("attention.head_count_kv", .array(GGUFArray([2, 2, 3, 2, 2, 1] as [Int32]))),
            ("attention.sliding_window_pattern", .array(GGUFArray([true]))),
            ("feed_forward_length", .array(GGUFArray([32, 32, 0, 32, 96, 96] as [Int32]))),
            ("rope.dimension_count_swa", .uint32(15)), ("rope.dimension_count_swa", .uint32(64)),
            ("embedding_length_per_layer_input", .int32(-1)), ("expert_count", .int32(-8)),
        ])
    func keysThatMakeNoSense(key: String, value: GGUFValue) throws {
        let error = try #require(throws: ModelError.self) { try read(["gemma4.\(key)": value]) }
        #expect(error.message.contains("gemma4.\(key)"))
    }

    @Test(
        "a stage that would divide layers which share keys is refused",
        .enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
    func aStageThatWouldDivide() throws {
        let file = try GGUFFile.open(path: Golden.file("../golden2/gguf/gemma4-e-F16.gguf").path)
        let configuration = try ModelConfiguration(file: file)
        #expect(configuration.undividedLayers == [3..<10])
        for layers in [0..<5, 4..<10, 5..<7] {
            let error = try #require(throws: ModelError.self) {
                try Stage(
                    configuration: configuration, range: StageRange(embedding: false, layers: layers, head: false),
                    tensors: file, compute: .int8, context: 64, pool: ThreadPool(threads: 1))
            }
            #expect(error.message.contains("share"))
        }
    }
}
