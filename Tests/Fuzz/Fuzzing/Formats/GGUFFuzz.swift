import ModelParts
import CoordinatorCore
import Formats
import GGUF
import ModelGraph
import Placement
import Tensors
import TestSupport
import Tokenizer
import Wire
import WorkerCore

/// Model files, as far as `shoal inspect` and `shoal serve` read them before memory for a stage is granted; and small stages, with a
/// step.
package struct GGUFFuzz: FuzzFormat {
    package static let name = "gguf"

    package let corpus: [[UInt8]]
    private let files: [GGUFFile]
    private let pool = ThreadPool(threads: 1)

    package init() throws {
        var models: [TinyModel] = []
        for type in [ElementType.f32, .q8_0, .q4_0] {
            var model = TinyModel(type: type)
            (model.layers, model.width, model.heads, model.keyValueHeads, model.feedForward) = (1, 32, 1, 1, 32)
            model.sharesEmbedding = type != .q8_0
            models.append(model)
        }
        corpus = try models.map { try $0.file() }
        files = try corpus.map { try GGUFFile(copying: $0) }
    }

    package let words: [[UInt8]] =
        [
            "GGUF", "general.alignment", "general.architecture", "llama", "blk.0.attn_q.weight", "token_embd.weight",
            "tokenizer.ggml.merges",
        ].map { Array($0.utf8) } + (0..<14).map { [$0, 0, 0, 0] } + [[9, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]]

    /// Arrays in arrays, and counts that claim what the file's end would hold.
    package var extremes: [[UInt8]] {
        func header(entries: UInt64) -> [UInt8] { Array("GGUF".utf8) + [3, 0, 0, 0] + little(0) + little(entries) }
        let strings = header(entries: 1) + little(1) + [97, 9, 0, 0, 0, 8, 0, 0, 0] + little(1 << 20)
        let entry = little(1) + [97, 0, 0, 0, 0, 0]
        let nested = header(entries: 1) + little(1) + [97] + [9, 0, 0, 0]
        return [
            strings + [UInt8](repeating: 0, count: 8 << 20),
            header(entries: 1 << 19) + (0..<1 << 19).flatMap { _ in entry },
            nested + (0..<1000).flatMap { _ in [9, 0, 0, 0] + little(1) },
            nested + [9, 0, 0, 0] + little(1 << 18) + (0..<1 << 18).flatMap { _ in [4, 0, 0, 0] + little(0) },
            Array("GGUF".utf8) + [3, 0, 0, 0] + little(UInt64.max) + little(UInt64.max),
        ]
    }

    private func little(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    /// A well-formed file whose values and tensors are not the model's.
    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        let file = random.pick(files)
        var writer = GGUFWriter(
            metadata: file.metadata.entries.map { ($0.key, $0.value) },
            tensors: file.tensors.map { .init(name: $0.name, type: $0.type, dimensions: $0.dimensions) })
        for _ in 0...random.below(3) { changeMetadata(&writer, &random) }
        if random.oneIn(2) { changeTensor(&writer, &random) }
        guard let layout = try? writer.layout(), layout.dataByteCount <= 1 << 20 else { return nil }
        let data = Array(file.tensorData.withUnsafeBytes { Array($0.prefix(layout.dataByteCount)) })
        return layout.header + data + [UInt8](repeating: 0x3c, count: layout.dataByteCount - data.count)
    }

    private func changeMetadata(_ writer: inout GGUFWriter, _ random: inout FuzzRandom) {
        let index = random.below(writer.metadata.count)
        switch random.below(9) {
        case 0: writer.metadata.remove(at: index)
        case 1:
            let architecture = writer.metadata.first { $0.key == "general.architecture" }?.value.string ?? "llama"
            writer.metadata.append(("\(architecture).\(random.pick(Self.optionalKeys))", value(&random)))
        case 2: writer.metadata.swapAt(index, random.below(writer.metadata.count))
        case 3: changeArchitecture(&writer, to: random.pick(Architecture.allCases).rawValue)
        default: writer.metadata[index].value = changed(writer.metadata[index].value, &random)
        }
    }

    /// Keys that some architectures read and the corpus lacks.
    private static let optionalKeys = [
        "expert_count", "expert_used_count", "expert_feed_forward_length", "expert_shared_count",
        "expert_gating_func", "expert_group_count", "expert_group_used_count", "attention.key_length",
        "attention.value_length", "attention.sliding_window",
        "attention.sliding_window_pattern", "attention.scale", "attention.layer_norm_epsilon",
        "attention.kv_lora_rank", "attention.q_lora_rank", "attention.key_length_mla",
        "attention.temperature_scale", "attn_logit_softcapping", "final_logit_softcapping", "embedding_scale",
        "residual_scale", "logit_scale", "leading_dense_block_count", "use_parallel_residual", "rope.freq_base_swa",
        "rope.scale_linear", "rope.scaling.type", "rope.scaling.factor", "rope.scaling.attn_factor",
        "rope.scaling.original_context_length", "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_log_multiplier",
    ]

    /// The same keys for another architecture: some of them take the very tensors.
    private func changeArchitecture(_ writer: inout GGUFWriter, to name: String) {
        guard let index = writer.metadata.firstIndex(where: { $0.key == "general.architecture" }) else { return }
        let before = "\(writer.metadata[index].value.string ?? "llama")."
        writer.metadata[index].value = .string(name)
        for index in writer.metadata.indices where writer.metadata[index].key.hasPrefix(before) {
            writer.metadata[index].key = "\(name).\(writer.metadata[index].key.dropFirst(before.count))"
        }
    }

    private func changed(_ value: GGUFValue, _ random: inout FuzzRandom) -> GGUFValue {
        switch value {
        case .uint32: return random.oneIn(2) ? .uint32(UInt32(random.below(300))) : self.value(&random)
        case .array(let array) where !random.oneIn(4):
            if var strings = array.strings, !strings.isEmpty {
                for _ in 0...random.below(3) {
                    strings[random.below(strings.count)] =
                        random.oneIn(3) ? "" : random.pick(strings) + random.pick(["", " ", "Ġ"])
                }
                return .array(GGUFArray(random.oneIn(4) ? Array(strings.prefix(random.below(strings.count))) : strings))
            }
            guard var integers = array.integers, !integers.isEmpty else { return self.value(&random) }
            integers[random.below(integers.count)] = Int(Int32(truncatingIfNeeded: random.interesting()))
            return .array(GGUFArray(integers.map { Int32($0) }))
        default: return self.value(&random)
        }
    }

    private func value(_ random: inout FuzzRandom) -> GGUFValue {
        let bits = random.interesting()
        switch random.below(9) {
        case 0: return .uint32(UInt32(truncatingIfNeeded: bits))
        case 1: return .int32(Int32(truncatingIfNeeded: bits))
        case 2: return .uint64(bits)
        case 3: return .int64(Int64(bitPattern: bits))
        case 4:
            return .float32(
                random.pick([
                    0, -1, .leastNonzeroMagnitude, 1e30, .infinity, .nan,
                    Float(bitPattern: UInt32(truncatingIfNeeded: bits)),
                ]))
        case 5: return .bool(bits % 2 == 0)
        case 6:
            return .string(
                random.pick(["", "llama", "gpt2", "smollm", "llama-bpe", "default", "linear", "yarn", "longrope"]))
        case 7: return .array(GGUFArray([Int32(truncatingIfNeeded: bits), 1]))
        default: return .uint8(UInt8(truncatingIfNeeded: bits))
        }
    }

    private func changeTensor(_ writer: inout GGUFWriter, _ random: inout FuzzRandom) {
        let index = random.below(writer.tensors.count)
        switch random.below(5) {
        case 0: writer.tensors.remove(at: index)
        case 1: writer.tensors[index].type = random.pick(ElementType.allCases)
        case 2: writer.tensors[index].dimensions[0] = 1 + random.below(300)
        case 3: writer.tensors[index].dimensions.append(1 + random.below(3))
        default:
            writer.tensors[index].name = random.pick([
                "blk.1.attn_q.weight", "rope_freqs.weight", "blk.99999999999999999999.x", "x",
            ])
        }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        guard let file = try? GGUFFile(copying: input, path: "input") else { return .refused }
        for (_, value) in file.metadata.entries {
            _ = value.typeName
            if let array = value.array { precondition(array.elements(limit: 6).count == min(array.count, 6)) }
        }
        for tensor in file.tensors { precondition(file.bytes(of: tensor).count == tensor.byteCount) }
        let tokenizer = try? Tokenizer(metadata: file.metadata)
        if let tokenizer {
            let ids = tokenizer.encode("Hello <|im_start|> wörld 123\n  x", parseSpecial: true, addSpecial: true)
            precondition(ids.allSatisfy { Int($0) < tokenizer.vocabularySize })
            _ = tokenizer.decode(ids)
        }
        let shards = try? ModelShards(file)
        let configuration = try? ModelConfiguration(file: file)
        facts(file, configuration)
        guard let configuration else { return .refused }
        var accepted = shards != nil && tokenizer != nil
        for (compute, type) in [
            (ComputeMode.int8, KeyValueType.standard), (.f32, .standard), (.int8, .q8_0),
        ] {
            guard
                let sizes = try? ModelSizes(
                    measuring: file, compute: compute, keyValueType: type,
                    context: min(configuration.trainedContext, 4096), threads: 2)
            else {
                accepted = false
                continue
            }
            // What a stage takes is planned, and granted or not, before it is made; here are 8 MiB.
            guard sizes.scratchBytes <= 8 << 20 else { continue }
            accepted =
                step(configuration, file, compute, type) && accepted
        }
        return accepted ? .accepted : .refused
    }

    /// What `shoal inspect` tells of a file, whether or not it can be computed.
    private func facts(_ file: GGUFFile, _ configuration: ModelConfiguration?) {
        let weights = ModelWeights(file, configuration: configuration), total = weights.total
        precondition(total.tensors == file.tensors.count && total.activeElements <= total.elements)
        precondition(total.bytes == weights.kinds.values.reduce(0) { $0 + $1.bytes })
        _ = weights.layerGroups.map { "\(LayerList($0.layers))" }
        _ = QuantizationMix(metadata: file.metadata)?.name
        guard let configuration else { return }
        let traits = ModelTraits(configuration) { file.tensor(named: $0) != nil }
        precondition(traits.attentions.reduce(0) { $0 + $1.layers.count } == configuration.layers)
        precondition(configuration.keyValueBytes(positions: 8192) > 0)
    }

    private func step(
        _ configuration: ModelConfiguration, _ file: GGUFFile, _ compute: ComputeMode,
        _ type: KeyValueType
    ) -> Bool {
        guard
            let stage = try? Stage(
                configuration: configuration, range: .whole(configuration), tensors: file, compute: compute,
                keyValueType: type,
                context: 64, pool: pool)
        else { return false }
        let output = UnsafeMutableBufferPointer<Float>.allocate(capacity: stage.outputWidth)
        defer { output.deallocate() }
        do {
            try stage.open(sequence: 1)
            try [UInt32(0)].withUnsafeBufferPointer {
                try stage.forward(
                    input: .tokens($0), spans: [RowSpan(sequence: 1, position: 0, count: 1)], output: output)
            }
            return true
        } catch {
            return false
        }
    }
}
