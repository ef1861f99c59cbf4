import Formats
import GGUF
import ModelGraph
import TestSupport
import Testing

@Suite struct ModelWeightsTests {
    private func tensor(_ name: String, _ type: ElementType, _ dimensions: Int...) throws -> GGUFTensor {
        try GGUFTensor(name: name, type: type, dimensions: dimensions, offset: 0)
    }

    @Test(
        "a tensor's name tells what it is for",
        arguments: [
            ("token_embd.weight", WeightKind.embedding), ("position_embd.weight", .embedding),
            ("output.weight", .head), ("output.bias", .head), ("output_norm.weight", .other),
            ("rope_freqs.weight", .other), ("blk.0.attn_q.weight", .attention), ("blk.11.attn_qkv.bias", .attention),
            ("blk.0.attn_sinks.weight", .attention), ("blk.0.attn_norm.weight", .other),
            ("blk.0.attn_q_norm.weight", .other), ("blk.0.post_attention_norm.weight", .other),
            ("blk.0.ffn_down.weight", .network), ("blk.0.ffn_gate_inp.weight", .network),
            ("blk.0.ffn_up_shexp.weight", .network), ("blk.0.exp_probs_b.bias", .network),
            ("blk.0.ffn_up_exps.weight", .experts), ("blk.0.ffn_down_exps.bias", .experts),
            ("blk.0.ssm_in.weight", .recurrent), ("blk.0.ssm_norm.weight", .other),
            ("blk.x.attn_q.weight", .other), ("blk.0", .other), ("", .other),
        ])
    func aNameTells(name: String, kind: WeightKind) {
        #expect(WeightKind(tensor: name) == kind)
    }

    @Test("of experts a token passes those that it takes, of all else everything")
    func activeElements() throws {
        let tensors = [
            try tensor("token_embd.weight", .f16, 64, 100), try tensor("blk.0.attn_q.weight", .q4_0, 64, 64),
            // 8 experts of 64 × 32.
            try tensor("blk.0.ffn_up_exps.weight", .mxfp4, 64, 32, 8),
            try tensor("blk.0.ffn_up_exps.bias", .f32, 32, 8),
            try tensor("blk.0.ffn_gate_inp.weight", .f32, 64, 8),
            try tensor("blk.1.ffn_up_exps.weight", .f16, 64, 32, 8),
            try tensor("output_norm.weight", .f32, 64), try tensor("output.weight", .q8_0, 64, 100),
        ]
        // The second layer's are not known.
        let weights = ModelWeights(tensors) { $0 == 0 ? (count: 8, used: 2) : nil }
        let experts = try #require(weights.kinds[.experts])
        #expect(experts.tensors == 3 && experts.elements == 2 * 64 * 32 * 8 + 32 * 8)
        #expect(experts.activeElements == 64 * 32 * 2 + 32 * 2 + 64 * 32 * 8)
        // 17 bytes for 32 elements; halves; floats.
        #expect(experts.bytes == 64 * 32 * 8 / 32 * 17 + 64 * 32 * 8 * 2 + 32 * 8 * 4)
        #expect(weights.total.elements == tensors.reduce(0) { $0 + $1.elementCount })
        #expect(weights.total.bytes == tensors.reduce(0) { $0 + $1.byteCount } && weights.total.tensors == 8)
        #expect(weights.total.elements - weights.total.activeElements == experts.elements - experts.activeElements)
        #expect(weights.parts.map(\.place) == [.embedding, .layer(0), .layer(1), .head])
        #expect(weights.parts[3].kinds[.head]?.elements == 6400 && weights.parts[3].kinds[.other]?.elements == 64)
        // 18 bytes for 32 elements.
        #expect(weights.parts[1].kinds[.attention]?.bitsPerWeight == 4.5)
        #expect(weights.types[.f16]?.elements == 6400 + 64 * 32 * 8 && weights.types[.q8_0]?.tensors == 1)
    }

    @Test("no tensors are no weights, and experts are only where the last extent is their number")
    func oddTensors() throws {
        let none = ModelWeights([]) { _ in (count: 8, used: 2) }
        #expect(
            none.total.tensors == 0 && none.parts.isEmpty && none.total.bitsPerWeight == nil && none.layerGroups.isEmpty
        )
        let other = ModelWeights([try tensor("blk.0.ffn_up_exps.weight", .f32, 8, 4)]) { _ in (count: 8, used: 2) }
        #expect(other.total.activeElements == 32)
        let many = ModelWeights([try tensor("blk.0.ffn_up_exps.weight", .f32, 4, 8)]) { _ in (count: 8, used: 20) }
        #expect(many.total.activeElements == 32)
    }

    @Test("layers of equal sizes are a group, wherever they are")
    func layerGroups() throws {
        let tensors = try (0..<12).map { layer in
            try tensor("blk.\(layer).attn_q.weight", layer % 3 == 0 ? .q8_0 : .q4_0, 64, 64)
        }
        let groups = ModelWeights(tensors.reversed()) { _ in nil }.layerGroups
        #expect(groups.map(\.layers) == [[0, 3, 6, 9], [1, 2, 4, 5, 7, 8, 10, 11]])
        #expect(groups[0].kinds[.attention]?.bytes == 64 * 64 / 32 * 34)
    }

    @Test("an architecture that is not known has the experts that the usual keys tell")
    func unknownArchitecture() throws {
        func file(_ entries: [(key: String, value: GGUFValue)]) throws -> GGUFFile {
            let name = "blk.0.ffn_up_exps.weight"
            let writer = GGUFWriter(
                metadata: entries, tensors: [.init(name: name, type: .f32, dimensions: [4, 2, 8])])
            return try GGUFFile(copying: try writer.file(contents: [[UInt8](repeating: 0, count: 4 * 2 * 8 * 4)]))
        }
        let named: [(key: String, value: GGUFValue)] = [
            ("general.architecture", .string("newmoe")), ("newmoe.expert_count", .uint32(8)),
            ("newmoe.expert_used_count", .uint32(3)),
        ]
        #expect(ModelWeights(try file(named), configuration: nil).total.activeElements == 4 * 2 * 3)
        #expect(ModelWeights(try file(Array(named.prefix(1))), configuration: nil).total.activeElements == 4 * 2 * 8)
    }

    @Test(
        "numbers of layers are written as runs",
        arguments: [
            ([], ""), ([3], "3"), ([2, 0, 1, 1], "0-2"), ([0, 1, 5, 7, 8, 10], "0-1, 5, 7-8, 10"),
            (Array(stride(from: 0, to: 24, by: 2)), "0, 2, 4 … 22"),
        ])
    func layerLists(layers: [Int], text: String) {
        #expect("\(LayerList(layers))" == text)
    }
}
