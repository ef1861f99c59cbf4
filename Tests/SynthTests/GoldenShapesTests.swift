import Formats
import Foundation
import GGUF
import Synth
import TestSupport
import Testing

/// Synthetic models beside files that llama.cpp's converter made of the same architectures.
@Suite(.enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence))) struct GoldenShapesTests {
    /// A golden file, and the shape whose kind it is of.
    private static let files: [(file: String, shape: ModelShape)] = [
        ("gguf/llama-gqa-F16.gguf", .llama2small), ("gguf/llama3-tied-ropescaled-F16.gguf", .llama3tiny),
        ("gguf/mixtral-F16.gguf", .mixtral), ("gguf/qwen3-qknorm-F16.gguf", .qwen3tiny),
        ("gguf/gemma3-F16.gguf", .gemma3tiny), ("gguf/phi3-F16.gguf", .phi3mini),
        ("../golden2/gguf_quant/gpt-oss-MXFP4.gguf", .gptOSS),
    ]

    /// The shape with the sizes of a file.
    private func dimensions(_ shape: ModelShape, sizedAs file: GGUFFile) throws -> ModelDimensions {
        var sized = shape.dimensions
        let architecture = sized.family.rawValue
        func integer(_ name: String) throws -> Int { try file.metadata.integer("\(architecture).\(name)") }
        func float(_ name: String) throws -> Float { try file.metadata.float("\(architecture).\(name)") }
        sized.layers = try integer("block_count")
        sized.width = try integer("embedding_length")
        sized.feedForwardWidth = try integer("feed_forward_length")
        sized.heads = try integer("attention.head_count")
        sized.keyValueHeads = try integer("attention.head_count_kv")
        sized.context = try integer("context_length")
        sized.vocabulary = try #require(file.tensor(named: "token_embd.weight")).rows
        sized.ropeBase = try float("rope.freq_base")
        sized.normEpsilon = try float("attention.layer_norm_rms_epsilon")
        if sized.explicitHeadSize != nil { sized.explicitHeadSize = try integer("attention.key_length") }
        if sized.window != nil { sized.window?.positions = try integer("attention.sliding_window") }
        switch sized.scaling {
        case .unscaled:
            sized.scaling = .unscaled(originalContext: try integer("rope.scaling.original_context_length"))
        case .yarn(_, _, let fast, let slow):
            sized.scaling = .yarn(
                factor: try float("rope.scaling.factor"),
                originalContext: try integer("rope.scaling.original_context_length"), fast: fast, slow: slow)
        default: break
        }
        if sized.experts != nil {
            sized.experts?.count = try integer("expert_count")
            sized.experts?.used = try integer("expert_used_count")
            sized.experts?.feedForwardWidth = try #require(file.tensor(named: "blk.0.ffn_down_exps.weight")).columns
        }
        return sized
    }

    @Test(arguments: files.indices) func `metadata and tensors are the converter's, but for the vocabulary`(index: Int)
        throws
    {
        let (name, shape) = Self.files[index]
        let file = try GGUFFile.open(path: Golden.file(name).path)
        let model = SyntheticModel(name: name, shape: try dimensions(shape, sizedAs: file), type: .f16)
        // Under the architecture's own keys, and what the file is.
        func facts(_ entries: [(key: String, value: GGUFValue)]) -> [String: GGUFValue] {
            Dictionary(
                uniqueKeysWithValues: entries.filter {
                    !$0.key.hasPrefix("tokenizer.")
                        && !["general.name", "general.size_label", "general.file_type"].contains($0.key)
                }.map { ($0.key, $0.value) })
        }
        let (own, expected) = (facts(model.metadata), facts(file.metadata.entries))
        #expect(Set(own.keys) == Set(expected.keys))
        for (key, value) in expected { #expect(own[key] == value, "\(key)") }
        let tensors = Dictionary(uniqueKeysWithValues: model.tensors.map { ($0.name, $0) })
        #expect(Set(tensors.keys) == Set(file.tensors.map(\.name)))
        for tensor in file.tensors {
            #expect(tensors[tensor.name]?.dimensions == tensor.dimensions, "\(tensor.name)")
            #expect(tensors[tensor.name]?.type == tensor.type, "\(tensor.name)")
        }
        let strings = ["tokenizer.ggml.tokens", "tokenizer.ggml.token_type"]
        for key in strings {
            #expect(model.metadata.first { $0.key == key }?.value.array?.count == file.metadata[key]?.array?.count)
        }
    }

    // There is no golden file of this architecture: it is qwen2moe's without biases and shared experts, with qwen3's norms.
    @Test func `qwen3moe has qwen3's attention and qwen2moe's experts`() throws {
        let experts = try GGUFFile.open(path: Golden.file("../golden2/gguf/qwen2moe-F16.gguf").path)
        let dense = try GGUFFile.open(path: Golden.file("gguf/qwen3-qknorm-F16.gguf").path)
        let model = SyntheticModel(name: "", shape: ModelShape.qwen3experts.dimensions, type: .f16)
        func names(_ tensors: [String], _ isMeant: (String) -> Bool) -> Set<String> {
            Set(tensors.filter { $0.hasPrefix("blk.0.") && isMeant($0) })
        }
        let expected =
            names(dense.tensors.map(\.name)) { $0.contains("attn") || $0.contains("ffn_norm") }
            .union(names(experts.tensors.map(\.name)) { $0.contains("ffn_") && !$0.contains("shexp") })
        #expect(names(model.tensors.map(\.name)) { _ in true } == expected)
        func keys(_ entries: [(key: String, value: GGUFValue)], of architecture: String) -> Set<String> {
            Set(
                entries.map(\.key).filter { $0.hasPrefix(architecture + ".") }.map {
                    String($0.dropFirst(architecture.count))
                })
        }
        #expect(
            keys(model.metadata, of: "qwen3moe")
                == keys(dense.metadata.entries, of: "qwen3").union(keys(experts.metadata.entries, of: "qwen2moe"))
                .subtracting([".expert_shared_feed_forward_length"]))
    }
}
