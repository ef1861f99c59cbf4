import ModelParts
import Formats
import GGUF
import ModelGraph
import Tensors
import TestSupport
import Testing

@Suite struct ModelConfigurationTests {
    static let entries: [(key: String, value: GGUFValue)] = [
        ("general.architecture", .string("llama")), ("llama.block_count", .uint32(30)),
        ("llama.context_length", .uint32(8192)), ("llama.embedding_length", .uint32(576)),
        ("llama.feed_forward_length", .uint32(1536)), ("llama.attention.head_count", .uint32(9)),
        ("llama.attention.head_count_kv", .uint32(3)), ("llama.rope.freq_base", .float32(100_000)),
        ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)), ("llama.vocab_size", .uint32(49152)),
    ]

    private func read(_ changes: [String: GGUFValue?]) throws -> ModelConfiguration {
        var entries = Self.entries.filter { changes[$0.key] == nil }
        for (key, value) in changes.sorted(by: { $0.key < $1.key }) { if let value { entries.append((key, value)) } }
        return try ModelConfiguration(metadata: GGUFMetadata(entries: entries))
    }

    @Test("metadata without tokenizer and tensors is enough")
    func metadataWithoutTokenizerAndTensorsIs() throws {
        let configuration = try read([:])
        #expect(configuration.layers == 30 && configuration.width == 576 && configuration.vocabulary == 49152)
        #expect(configuration.trainedContext == 8192 && Set(configuration.layerShapes).count == 1)
        let layer = configuration.layerShapes[0], attention = try #require(attentionShape(configuration))
        #expect(layer.network == .dense(DenseShape(width: 1536)) && layer.norms.place == .before)
        #expect(attention.heads == 9 && attention.keyValueHeads == 3)
        #expect(attention.keySize == 64 && attention.valueSize == 64 && attention.scale == 0.125)
        #expect(attention.rope?.dimensions == 64 && attention.rope?.base == 100_000)
        #expect(attention.rope?.scaling == .linear(1) && attention.rope?.pairing == .interleaved)
        // Two halves (key and value) of 3 heads of 64 elements.
        #expect(configuration.keyValueBytesPerPosition(layer: 0, compute: .int8) == 768)
        #expect(configuration.keyValueBytesPerPosition(layer: 29, compute: .f32) == 1536)
        #expect(configuration.keyValueLayout(0..<2, compute: .int8).pageBytes == 768 * 64 * 2)
    }

    private func attentionShape(_ configuration: ModelConfiguration, layer: Int = 0) -> AttentionShape? {
        if case .attention(let attention) = configuration.layerShapes[layer].mixer { attention } else { nil }
    }

    @Test("optional keys are used where they are")
    func optionalKeysAreUsedWhereThey() throws {
        let configuration = try read([
            "llama.attention.key_length": .uint32(32), "llama.attention.value_length": .uint32(48),
            "llama.rope.dimension_count": .uint32(16), "llama.rope.scaling.type": .string("linear"),
            "llama.rope.scaling.factor": .float32(4), "llama.attention.head_count_kv": GGUFValue?.none,
        ])
        let attention = try #require(attentionShape(configuration))
        #expect(attention.keySize == 32 && attention.valueSize == 48 && attention.rope?.dimensions == 16)
        #expect(attention.rope?.scaling == .linear(4) && attention.keyValueHeads == 9)
        #expect(attention.queryWidth == 288 && attention.attendedWidth == 432)
    }

    @Test(
        "a value that makes no sense is refused",
        arguments: [
            ("llama.block_count", GGUFValue.uint32(0)), ("llama.block_count", .uint32(5000)),
            ("llama.embedding_length", .uint32(577)), ("llama.embedding_length", .string("576")),
            ("llama.attention.head_count", .uint32(0)), ("llama.attention.head_count_kv", .uint32(2)),
            ("llama.attention.head_count_kv", .uint32(0)), ("llama.rope.dimension_count", .uint32(66)),
            ("llama.rope.dimension_count", .uint32(7)), ("llama.rope.freq_base", .float32(-1)),
            ("llama.rope.freq_base", .float32(.nan)), ("llama.attention.layer_norm_rms_epsilon", .float32(-1)),
            ("llama.vocab_size", .uint32(0)), ("llama.feed_forward_length", .uint64(1 << 40)),
            ("llama.rope.scaling.factor", .float32(-2)),
        ])
    func aValueThatMakesNoSense(key: String, value: GGUFValue) {
        let error = #expect(throws: ModelError.self) { try read([key: value]) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.description.contains("llama.") == true)
    }

    @Test(
        "a missing key is named",
        arguments: [
            "general.architecture", "llama.block_count", "llama.embedding_length", "llama.feed_forward_length",
            "llama.attention.head_count", "llama.attention.layer_norm_rms_epsilon", "llama.vocab_size",
        ])
    func aMissingKeyIsNamed(key: String) {
        let error = #expect(throws: ModelError.self) { try read([key: GGUFValue?.none]) }
        #expect(error?.description.contains(key) == true)
    }

    @Test("other architectures and other scalings of positions are refused by name")
    func otherArchitecturesAndScalingsAreRefused() {
        let other = #expect(throws: ModelError.self) { try read(["general.architecture": .string("mamba")]) }
        #expect(other?.code == .unsupportedArchitecture)
        #expect(other?.description.contains("mamba") == true && other?.description.contains("llama") == true)
        let scaling = #expect(throws: ModelError.self) { try read(["llama.rope.scaling.type": .string("spiral")]) }
        #expect(scaling?.code == .unsupportedFeature && scaling?.description.contains("spiral") == true)
    }

    @Test("missing and misshapen tensors are named")
    func missingAndMisshapenTensorsAreNamed() throws {
        let file = try tinyFile(.f32)
        var configuration = try ModelConfiguration(file: file)
        struct Without: TensorSource {
            let file: GGUFFile
            func tensorData(named name: String) -> (descriptor: GGUFTensor, bytes: MappedBytes)? {
                name == "blk.2.ffn_up.weight" ? nil : file.tensorData(named: name)
            }
        }
        func load(_ tensors: some TensorSource) throws(ModelError) {
            _ = try Stage(
                configuration: configuration, range: .whole(configuration), tensors: tensors, compute: .int8,
                context: 10,
                pool: ThreadPool(threads: 1))
        }
        let missing = #expect(throws: ModelError.self) { try load(Without(file: file)) }
        #expect(missing?.code == .missingTensor && missing?.description.contains("blk.2.ffn_up.weight") == true)
        for index in configuration.layerShapes.indices {
            configuration.layerShapes[index].network = .dense(DenseShape(width: 1 << 12))
        }
        let shape = #expect(throws: ModelError.self) { try load(file) }
        #expect(shape?.code == .invalidTensor && shape?.description.contains("blk.0.ffn_gate.weight") == true)
    }

    @Test("a stage is loaded from the files of its parts")
    func aStageIsLoadedFromThe() throws {
        let file = try tinyFile(.q4_0), configuration = try ModelConfiguration(file: file)
        func part(_ names: [String]) throws -> GGUFFile {
            let present = names.compactMap { file.tensor(named: $0) }
            let writer = GGUFWriter(
                tensors: present.map { GGUFWriter.Tensor(name: $0.name, type: $0.type, dimensions: $0.dimensions) })
            let bytes = try writer.file(contents: present.map { file.bytes(of: $0).withUnsafeBytes { Array($0) } })
            return try GGUFFile(bytes: MappedBytes(copying: bytes), path: "part.gguf")
        }
        let has = { (name: String) in file.tensor(named: name) != nil }
        var parts = try (0..<configuration.layers).map { try part(configuration.tensorNames(layer: $0, has: has)) }
        parts.append(try part(configuration.embeddingTensorNames(has: has)))
        parts.append(try part(configuration.headTensorNames(has: has)))
        var reported: [Int] = [], total = 0
        let stage = try Stage(
            configuration: configuration, range: .whole(configuration), tensors: MergedTensors(parts), compute: .int8,
            context: 64, pool: ThreadPool(threads: 2)
        ) {
            reported.append($0)
            total = $1
        }
        #expect(reported == reported.sorted() && reported.last == total)
        let expected = try Pipeline(file).logits([1, 2, 3])
        var found = [Float](repeating: 0, count: expected.count)
        try stage.open(sequence: 1)
        try found.withUnsafeMutableBufferPointer { output in
            try [UInt32(1), 2, 3].withUnsafeBufferPointer {
                try stage.forward(
                    input: .tokens($0), spans: [RowSpan(sequence: 1, position: 0, count: 3)], output: output)
            }
        }
        #expect(equalBits(found, expected))
    }
}
