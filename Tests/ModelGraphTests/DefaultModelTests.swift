import ModelParts
import Foundation
import GGUF
import ModelGraph
import Tensors
import TestSupport
import Testing

/// The default model against transformers' logits on its dequantized weights.
@Suite(
    .enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)),
    .enabled(if: Golden.defaultModel != nil, Comment(rawValue: Golden.defaultModelAbsence)))
struct DefaultModelTests {
    struct Expected: Decodable {
        struct Prompt: Decodable {
            let ids: [UInt32]
            let greedy40: [UInt32]
            let logitsFile: String

            enum CodingKeys: String, CodingKey {
                case ids, greedy40
                case logitsFile = "logits_file"
            }
        }
        struct Perplexity: Decodable {
            let idsFile: String
            let context: Int
            let chunkLosses: [Double]

            enum CodingKeys: String, CodingKey {
                case context
                case idsFile = "ids_file"
                case chunkLosses = "chunk_mean_nll"
            }
        }
        let prompts: [Prompt]
        let perplexity: Perplexity
    }

    private let file: GGUFFile
    private let expected: Expected

    init() throws {
        file = try GGUFFile.open(path: #require(Golden.defaultModel).path)
        expected = try Golden.json("real/smollm2.expected.json")
    }

    @Test("exact logits are within 1e-2 and forty greedy tokens equal")
    func exactLogitsAreWithin1e2() throws {
        let pipeline = try Pipeline(file, compute: .f32, threads: ProcessorCount.usable)
        #expect(expected.prompts.count == 4)
        for (index, prompt) in expected.prompts.enumerated() {
            let (tokens, logits) = try pipeline.greedy(prompt.ids, count: 40, sequence: UInt32(index))
            let reference = try Golden.floats("real/\(prompt.logitsFile)")
            #expect(logits.count == reference.count && largestDifference(logits, reference) < 1e-2, "prompt \(index)")
            #expect(tokens == prompt.greedy40, "prompt \(index)")
        }
    }

    /// SHOAL_PERPLEXITY_CHUNKS asks for more than the first two chunks (of 14).
    @Test("with int8 activations the first token and the perplexity stay")
    func withInt8ActivationsTheFirstToken() throws {
        let perplexity = expected.perplexity
        let ids = try JSONDecoder().decode(
            [UInt32].self, from: Data(contentsOf: Golden.file("real/\(perplexity.idsFile)")))
        let chunks = Int(ProcessInfo.processInfo.environment["SHOAL_PERPLEXITY_CHUNKS"] ?? "") ?? 2
        let threads = ProcessorCount.usable
        let near = try Pipeline(file, compute: .int8, threads: threads),
            exact = try Pipeline(file, compute: .f32, threads: threads)
        let width = near.configuration.vocabulary, context = perplexity.context
        var nearSum = 0.0, exactSum = 0.0, agreeing = 0, positions = 0
        for chunk in 0..<min(chunks, perplexity.chunkLosses.count) {
            let tokens = Array(ids[chunk * context..<(chunk + 1) * context])
            let found = try near.logits(tokens, sequence: UInt32(chunk)),
                reference = try exact.logits(tokens, sequence: UInt32(chunk))
            let nearLoss = loss(found, tokens, width), exactLoss = loss(reference, tokens, width)
            #expect(abs(exactLoss - perplexity.chunkLosses[chunk]) < 1e-3, "chunk \(chunk)")
            #expect(
                abs(nearLoss - perplexity.chunkLosses[chunk]) < 0.01 * perplexity.chunkLosses[chunk],
                "chunk \(chunk)")
            nearSum += nearLoss
            exactSum += exactLoss
            for position in 0..<context {
                let row = position * width..<(position + 1) * width
                if mostLikely(found[row]) == mostLikely(reference[row]) { agreeing += 1 }
                positions += 1
            }
            for stage in near.stages + exact.stages { stage.close(sequence: UInt32(chunk)) }
        }
        let count = Double(positions / context)
        let (nearPerplexity, exactPerplexity) = (exp(nearSum / count), exp(exactSum / count))
        print(
            "default model, \(positions) positions: perplexity \(nearPerplexity) (exact \(exactPerplexity)), top-1 \(Double(agreeing) / Double(positions))"
        )
        #expect(abs(nearPerplexity / exactPerplexity - 1) < 0.01)
        #expect(Double(agreeing) >= 0.95 * Double(positions))
    }

    @Test("every way of computing gives the same bits")
    func everyWayOfComputingGivesThe() throws {
        let tokens = Array(expected.prompts[0].ids)
        let reference = try Pipeline(file, threads: 1).logits(tokens)
        for set in Kernels.supportedInstructionSets {
            let found = try Kernels.using(instructionSet: set) {
                try Pipeline(file, threads: 2).logits(tokens, chunk: 2)
            }
            #expect(equalBits(found, reference), "\(set)")
        }
        let longer = expected.prompts[2].ids
        let whole = try Pipeline(file, threads: 2).logits(longer)
        for (splits, chunk) in [([15], 7), ([10, 20], 1), ([6, 12, 18, 24], 7), ([3], 40)] {
            let found = try Pipeline(file, splits: splits, threads: 2).logits(longer, chunk: chunk)
            #expect(equalBits(found, whole), "splits \(splits), chunk \(chunk)")
        }
    }

    /// Mean negative log-likelihood of each token but the first.
    private func loss(_ logits: [Float], _ tokens: [UInt32], _ width: Int) -> Double {
        var sum = 0.0
        for position in 1..<tokens.count {
            let row = logits[(position - 1) * width..<position * width], largest = Double(row.max()!)
            let total = row.reduce(0.0) { $0 + exp(Double($1) - largest) }
            sum += largest + log(total) - Double(row[row.startIndex + Int(tokens[position])])
        }
        return sum / Double(tokens.count - 1)
    }
}
