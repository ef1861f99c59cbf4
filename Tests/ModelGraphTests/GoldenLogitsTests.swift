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
        }
        let sequences: [Sequence]
    }

    struct QuantizedIndex: Decodable {
        struct File: Decodable {
            struct Sequence: Decodable {
                let ids: [UInt32]
                let positions: [Int]
                let logitsFile: String
                let peerError: Double

                enum CodingKeys: String, CodingKey {
                    case ids, positions
                    case logitsFile = "logits_file"
                    case peerError = "llamacpp_nmse"
                }
            }
            let file: String
            let sequences: [Sequence]
        }
        let files: [File]
    }

    @Test(
        "exact logits are within 1e-3 and the greedy tokens equal",
        arguments: [
            ("llama-gqa", "F32", ""), ("llama-gqa", "F16", ""), ("llama3-tied-ropescaled", "F16", ""),
            ("mistral-swa", "F16", "_nosw"),
            ("llama-k256", "F16", ""),
        ])
    func exactLogitsAreWithin1e3(name: String, type: String, variant: String) throws {
        let file = try GGUFFile.open(path: Golden.file("gguf/\(name)-\(type).gguf").path)
        let expected = try Golden.json("logits/\(name)/expected.json", as: Expected.self)
        #expect(expected.sequences.count == 3)
        for sequence in expected.sequences {
            let pipeline = try Pipeline(file, compute: .f32, threads: 2)
            let path = variant.isEmpty ? "seq\(sequence.index).logits.f32" : "seq\(sequence.index).logits\(variant).f32"
            let reference = try Golden.floats("logits/\(name)/\(path)")
            let found = try pipeline.logits(sequence.ids, sequence: 9)
            #expect(found.count == reference.count)
            #expect(largestDifference(found, reference) < 1e-3, "sequence \(sequence.index)")
            // Weights in floats make the packed products exact too; only the cache is in halves.
            let packed = try Pipeline(file, compute: .int8, threads: 2).logits(sequence.ids)
            #expect(largestDifference(packed, reference) < 0.1, "sequence \(sequence.index)")
            // With the sliding window the greedy tokens are those of other logits.
            if variant.isEmpty || sequence.ids.count < 16 {
                #expect(
                    try pipeline.greedy(sequence.ids, count: 32).tokens == sequence.greedy32,
                    "sequence \(sequence.index)")
            }
        }
    }

    @Test(
        "quantized models are exact in the exact mode and near with int8 activations",
        arguments: [
            "k256-Q4_0", "k256-Q4_1", "k256-Q5_0", "k256-Q8_0", "k256-Q2_K", "k256-Q3_K_M", "k256-Q4_K_S",
            "k256-Q4_K_M",
            "k256-Q5_K_M", "k256-Q6_K", "k256-IQ4_NL", "k256-IQ4_XS", "k256-IQ3_S", "k256-TQ1_0", "gqa-BF16",
        ])
    func quantizedModelsAreExactInThe(model: String) throws {
        let name = "llama-\(model).gguf"
        let index = try Golden.json("gguf_quant/index.json", as: QuantizedIndex.self)
        let entry = try #require(index.files.first { $0.file == name })
        let file = try GGUFFile.open(path: Golden.file("gguf_quant/\(name)").path)
        for sequence in entry.sequences {
            let reference = try Golden.floats("gguf_quant/\(sequence.logitsFile)")
            let largest = reference.reduce(0) { max($0, abs($1)) }
            let exact = try Pipeline(file, compute: .f32, threads: 2), width = exact.configuration.vocabulary
            let rows = sequence.positions[0] * width..<sequence.positions[1] * width
            #expect(reference.count == rows.count)
            let found = try exact.logits(sequence.ids)
            #expect(largestDifference(found[rows], reference) < 1e-3 * largest)
            let near = try Pipeline(file, compute: .int8, threads: 2).logits(sequence.ids)
            let error = normalizedError(Array(near[rows]), reference)
            #expect(error < max(2 * sequence.peerError, 1e-6), "\(error) against \(sequence.peerError)")
        }
    }
}
