import ModelParts
import Foundation
import Formats
import GGUF
import ModelGraph
import Tensors
import TestSupport
import Testing

/// The q8_0 cache, and attention over several segments; equal means memcmp.
@Suite struct KeyValueTypeTests {
    private static let long: [UInt32] = (0..<600).map { UInt32($0 * 31 % 250) }

    /// Five layers with heads of 32 elements.
    private func file() throws -> GGUFFile {
        var model = TinyModel(type: .q4_0)
        model.heads = 2
        model.keyValueHeads = 1
        model.layers = 5
        return try GGUFFile(bytes: MappedBytes(copying: model.file()), path: "tiny.gguf")
    }

    @Test(
        "long sequences are the same however they are cut, spread over threads and split into stages",
        arguments: KeyValueType.allCases)
    func longSequencesAreTheSameHowever(type: KeyValueType) throws {
        let file = try file()
        let expected = try Pipeline(file, keyValueType: type, context: 600).logits(Self.long)
        #expect(!expected.contains { !$0.isFinite })
        for (splits, chunk, threads) in [([], 1, 2), ([2], 3, 3), ([1, 4], 100, 2), ([], 9, 1), ([], 600, 2)] {
            let found = try Pipeline(file, splits: splits, keyValueType: type, threads: threads, context: 600)
                .logits(Self.long, chunk: chunk)
            #expect(equalBits(found, expected), "splits \(splits), chunk \(chunk), \(threads) threads")
        }
    }

    @Test("every instruction set gives the logits of the scalar kernels", arguments: KeyValueType.allCases)
    func everyInstructionSetGivesTheLogits(type: KeyValueType) throws {
        let file = try file(), tokens = Array(Self.long[..<330])
        let expected = try Kernels.using(instructionSet: "scalar") {
            try Pipeline(file, keyValueType: type).logits(tokens)
        }
        for set in Kernels.supportedInstructionSets.dropFirst() {
            let found = try Kernels.using(instructionSet: set) {
                try Pipeline(file, keyValueType: type, threads: 2).logits(tokens, chunk: 6)
            }
            #expect(equalBits(found, expected), "\(set)")
        }
    }

    @Test("sequences of different lengths share a batch")
    func sequencesOfDifferentLengthsShareABatch() throws {
        let file = try file(), together = try Pipeline(file, threads: 2), width = together.configuration.vocabulary
        let lengths = [300, 5, 257]
        for (sequence, length) in lengths.enumerated() {
            _ = try together.logits(Array(Self.long[..<length]), sequence: UInt32(sequence))
        }
        let found = try together.forward(
            [7, 8, 9],
            spans: lengths.enumerated().map { RowSpan(sequence: UInt32($0), position: $1, count: 1) })
        for (sequence, length) in lengths.enumerated() {
            let alone = try Pipeline(file).logits(Array(Self.long[..<length]) + [UInt32(7 + sequence)])
            #expect(
                equalBits(
                    Array(found[sequence * width..<(sequence + 1) * width]), Array(alone[(length * width)...])))
        }
    }

    @Test("q8_0 takes 34 bytes for every 32 values, in the plan and in the stage")
    func q80Takes34BytesForEvery() throws {
        let pipeline = try Pipeline(try file(), keyValueType: .q8_0), stage = pipeline.stages[0]
        let perPosition = pipeline.configuration.keyValueBytesPerPosition(
            layer: 0, compute: .int8, keyValueType: .q8_0)
        #expect(perPosition == (32 + 32) / 32 * 34)
        _ = try pipeline.logits([1, 2, 3])
        #expect(stage.keyValueBytes == 64 * 5 * perPosition)
    }

    @Test("q8_0 is refused for other head sizes and in the exact mode, with the mend")
    func q80IsRefusedForOtherHead() throws {
        let odd = try tinyFile(.q4_0)  // heads of 16
        let sizes = #expect(throws: ModelError.self) { try Pipeline(odd, keyValueType: .q8_0) }
        #expect(sizes?.code == .unsupportedFeature && sizes?.mend == "use --kv-type f16")
        let exact = #expect(throws: ModelError.self) {
            try Pipeline(try file(), compute: .f32, keyValueType: .q8_0)
        }
        #expect(exact?.code == .invalidInput)
    }

    /// SHOAL_PERPLEXITY_CHUNKS asks for more than the first three chunks (of 14).
    @Test("the default model answers alike", .enabled(if: Golden.isPresent && Golden.defaultModel != nil))
    func theDefaultModelAnswersAlike() throws {
        let file = try GGUFFile.open(path: #require(Golden.defaultModel).path)
        let ids = try JSONDecoder().decode(
            [UInt32].self, from: Data(contentsOf: Golden.file("real/smollm2-ppl_text.txt.ids.json")))
        let chunks = Int(ProcessInfo.processInfo.environment["SHOAL_PERPLEXITY_CHUNKS"] ?? "") ?? 3
        let types: [KeyValueType] = [.q8_0, .standard], count = 512
        let pipelines = try types.map { try Pipeline(file, keyValueType: $0, threads: ProcessorCount.usable) }
        let width = pipelines[0].configuration.vocabulary
        var losses = [0.0, 0.0], agreeing = 0
        for chunk in 0..<chunks {
            let tokens = Array(ids[chunk * count..<(chunk + 1) * count])
            let logits = try pipelines.map { try $0.logits(tokens, sequence: UInt32(chunk)) }
            for position in 0..<count {
                let rows = logits.map { $0[position * width..<(position + 1) * width] }
                if mostLikely(rows[0]) == mostLikely(rows[1]) { agreeing += 1 }
                guard position + 1 < count else { continue }
                for (index, row) in rows.enumerated() {
                    let largest = Double(row.max()!), total = row.reduce(0.0) { $0 + exp(Double($1) - largest) }
                    losses[index] += log(total) + largest - Double(row[row.startIndex + Int(tokens[position + 1])])
                }
            }
        }
        let perplexities = losses.map { exp($0 / Double(chunks * (count - 1))) }
        let share = Double(agreeing) / Double(chunks * count)
        print("q8_0 cache: perplexity \(perplexities[0]) (f16 \(perplexities[1])), top-1 \(share)")
        #expect(abs(perplexities[0] / perplexities[1] - 1) < 0.005)
        #expect(share >= 0.95)
    }
}
