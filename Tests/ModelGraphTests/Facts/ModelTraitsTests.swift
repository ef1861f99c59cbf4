import ModelParts
import Foundation
import GGUF
import ModelGraph
import TestSupport
import Testing

@Suite struct ModelTraitsTests {
    private static let entries: [(key: String, value: GGUFValue)] = [
        ("block_count", .uint32(6)), ("context_length", .uint32(8192)), ("embedding_length", .uint32(64)),
        ("feed_forward_length", .uint32(128)), ("attention.head_count", .uint32(4)),
        ("attention.head_count_kv", .uint32(2)), ("attention.layer_norm_rms_epsilon", .float32(1e-5)),
        ("vocab_size", .uint32(512)),
    ]

    private func configuration(_ architecture: String, _ more: [(String, GGUFValue)]) throws -> ModelConfiguration {
        let entries = (Self.entries + more.map { (key: $0.0, value: $0.1) }).map {
            (key: "\(architecture).\($0.key)", value: $0.value)
        }
        return try ModelConfiguration(
            metadata: GGUFMetadata(entries: [(key: "general.architecture", value: .string(architecture))] + entries))
    }

    @Test("llama has layers that are all alike, and factors where the file has them")
    func llama() throws {
        let plain = try configuration("llama", [])
        let traits = ModelTraits(plain) { _ in false }
        #expect(traits.attentions.map(\.layers) == [[0, 1, 2, 3, 4, 5]])
        #expect(traits.attentions[0].heads == 4 && traits.attentions[0].keyValueHeads == 2)
        #expect(traits.attentions[0].keySize == 16 && traits.attentions[0].latentSize == nil)
        #expect(traits.windows.isEmpty && traits.experts.isEmpty && traits.unrotatedLayers.isEmpty)
        #expect(traits.scalings.isEmpty)
        #expect(ModelTraits(plain) { $0 == "rope_freqs.weight" }.scalings == [.frequencies])
        let linear = try configuration("llama", [("rope.scaling.factor", .float32(4))])
        #expect(ModelTraits(linear) { _ in false }.scalings == [.linear(4)])
        // Keys and values of 2 heads of 16 halves in 6 layers; pages have 64 positions.
        #expect(plain.keyValueBytes(positions: 64) == 2 * 2 * 16 * 2 * 6 * 64)
        #expect(plain.keyValueBytes(positions: 65) == 2 * plain.keyValueBytes(positions: 64))
        #expect(plain.keyValueBytes(positions: 64, compute: .f32) == 2 * plain.keyValueBytes(positions: 64))
        #expect(plain.keyValueBytes(positions: 0) == 0 && plain.keyValueBytes(positions: .max / 2) == .max)
    }

    @Test("windows, layers without positions, and YaRN are told with their layers")
    func windows() throws {
        let cohere = ModelTraits(
            try configuration(
                "cohere2",
                [
                    ("attention.layer_norm_epsilon", .float32(1e-5)), ("attention.sliding_window", .uint32(24)),
                    ("logit_scale", .float32(1)), ("rope.scaling.type", .string("yarn")),
                    ("rope.scaling.factor", .float32(8)), ("rope.scaling.original_context_length", .uint32(64)),
                ])
        ) { _ in false }
        #expect(cohere.windows.map(\.positions) == [24] && cohere.windows.map(\.layers) == [[0, 1, 2, 4, 5]])
        #expect(cohere.unrotatedLayers == [3])
        #expect(cohere.scalings == [.yarn(8, originalContext: 64)] && cohere.attentions.count == 1)
        let phi = try configuration("phi3", [("rope.scaling.original_context_length", .uint32(4096))])
        #expect(ModelTraits(phi) { _ in false }.scalings.isEmpty)
        #expect(
            ModelTraits(phi) { $0 == "rope_factors_long.weight" }.scalings == [.longrope(originalContext: 4096)])
    }

    @Test(
        "experts and latent attention are told with their layers",
        .enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
    func experts() throws {
        let file = try GGUFFile.open(path: Golden.file("../golden2/gguf/deepseek2-lite-F16.gguf").path)
        let configuration = try ModelConfiguration(file: file)
        let traits = ModelTraits(configuration) { file.tensor(named: $0) != nil }
        // One dense layer, then 4 experts of which 2 are taken, and 2 shared ones; a latent row of 32 and 8 that are rotated.
        #expect(traits.experts.map(\.layers) == [Array(1..<configuration.layers)])
        #expect(traits.experts[0].count == 4 && traits.experts[0].used == 2)
        #expect(traits.experts[0].sharedWidth == 2 * traits.experts[0].width)
        #expect(traits.attentions.count == 1 && traits.attentions[0].latentSize == 32 + 8)
        #expect(traits.attentions[0].keySize == 16 + 8 && traits.attentions[0].valueSize == 16)
        #expect(traits.scalings == [.yarn(8, originalContext: 64)])
        let weights = ModelWeights(file, configuration: configuration), experts = try #require(weights.kinds[.experts])
        #expect(experts.activeElements * 2 == experts.elements)
        #expect(weights.total.bytes == file.tensors.reduce(0) { $0 + $1.byteCount })
    }
}
