import ModelParts
import Foundation
import GGUF
import ModelGraph
import TestSupport
import Testing

/// The tiny llama models against transformers' logits.
@Suite(.enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
struct GoldenLogitsTests {
    struct Expected: Decodable {
        struct Sequence: Decodable {
            let index: Int
            let ids: [UInt32]
            let greedy32: [UInt32]
            let greedy32Truncated: [UInt32]?
            let first: Int?

            /// The first position that logits are there of.
            var firstPosition: Int { first ?? 0 }

            enum CodingKeys: String, CodingKey {
                case index, ids, greedy32
                case greedy32Truncated = "greedy32_trunc"
                case first = "first_position"
            }
        }
        let sequences: [Sequence]
    }

    /// Of gpt-oss and Mistral with windows the file says less than the model's own definition: the logits are those of what the file says.
    private static let variants = ["mistral-swa": "_nosw", "gpt-oss": "_trunc"]

    @Test("exact logits are within 1e-3 and the greedy tokens equal", arguments: GoldenModel.all)
    func exactLogitsAreWithin1e3(model: GoldenModel) throws {
        let file = try GGUFFile.open(path: Golden.file(model.file).path)
        let expected = try Golden.json("\(model.logits)/expected.json", as: Expected.self)
        let variant = Self.variants[model.name] ?? ""
        #expect(expected.sequences.count == 3)
        for sequence in expected.sequences {
            let pipeline = try Pipeline(file, compute: .f32, threads: 2)
            let reference = try Golden.floats("\(model.logits)/seq\(sequence.index).logits\(variant).f32")
            let found = try pipeline.logits(sequence.ids, sequence: 9)
            let first = sequence.firstPosition * pipeline.configuration.vocabulary
            #expect(found.count - first == reference.count)
            #expect(largestDifference(found[first...], reference) < 1e-3, "sequence \(sequence.index)")
            // Weights in floats make the packed products exact too; only the cache is in halves.
            let packed = try Pipeline(file, compute: .int8, threads: 2).logits(sequence.ids)
            #expect(largestDifference(packed[first...], reference) < 0.1, "sequence \(sequence.index)")
            // With the sliding window the greedy tokens are those of other logits.
            let greedy = variant.isEmpty ? sequence.greedy32 : sequence.greedy32Truncated ?? sequence.greedy32
            if model.name != "mistral-swa" || sequence.ids.count < 16 {
                #expect(
                    try pipeline.greedy(sequence.ids, count: 32).tokens == greedy, "sequence \(sequence.index)")
            }
        }
    }
}
