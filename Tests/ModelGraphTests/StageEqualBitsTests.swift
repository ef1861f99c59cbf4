import ModelParts
import Formats
import ModelGraph
import Tensors
import TestSupport
import Testing

/// What a row becomes does not depend on how the work is cut: all these compare with memcmp.
@Suite struct StageEqualBitsTests {
    static let types: [ElementType] = [.q4_0, .q4_1, .q8_0, .f16]
    static let prompt: [UInt32] = (0..<70).map { UInt32($0 * 37 % 250) }

    @Test("stages, chunks and threads leave every bit as it is", arguments: types, ComputeMode.allCases)
    func stagesChunksAndThreadsLeaveEvery(type: ElementType, compute: ComputeMode) throws {
        let file = try tinyFile(type)
        let expected = try Pipeline(file, compute: compute).logits(Self.prompt)
        #expect(!expected.contains { !$0.isFinite })
        for splits in [[], [2], [1, 3], [1, 2, 3, 4]] {
            for chunk in [1, 7, 64, 70] {
                for threads in [1, 2, 3] {
                    let found = try Pipeline(file, splits: splits, compute: compute, threads: threads)
                        .logits(Self.prompt, chunk: chunk)
                    #expect(equalBits(found, expected), "splits \(splits), chunk \(chunk), \(threads) threads")
                }
            }
        }
    }

    @Test("every instruction set gives the logits of the scalar kernels", arguments: types, ComputeMode.allCases)
    func everyInstructionSetGivesTheLogits(type: ElementType, compute: ComputeMode) throws {
        let file = try tinyFile(type, sharesEmbedding: true)
        let expected = try Kernels.using(instructionSet: "scalar") {
            try Pipeline(file, compute: compute).logits(Self.prompt)
        }
        for set in Kernels.supportedInstructionSets.dropFirst() {
            let found = try Kernels.using(instructionSet: set) {
                try Pipeline(file, compute: compute, threads: 2).logits(Self.prompt, chunk: 9)
            }
            #expect(equalBits(found, expected), "\(set)")
        }
    }

    @Test("batches larger than the scratch are the same as small ones")
    func batchesLargerThanTheScratchAre() throws {
        let file = try tinyFile(.q4_0), long = (0..<600).map { UInt32($0 * 31 % 250) }
        let small = try Pipeline(file, context: 600).logits(long, chunk: 100)
        let large = try Pipeline(file, threads: 2, context: 600).logits(long)
        #expect(equalBits(large, small))
    }

    @Test("sequences in one batch do not touch each other")
    func sequencesInOneBatchDoNot() throws {
        let file = try tinyFile(.q4_1), width = try Pipeline(file).configuration.vocabulary
        let prompts: [[UInt32]] = [Array(Self.prompt.prefix(9)), Array(Self.prompt.suffix(30)), [5]]
        let alone = try prompts.map { try Pipeline(file).logits($0) }
        let together = try Pipeline(file, splits: [2], threads: 2)
        for sequence in 0..<3 { try together.open(UInt32(sequence)) }
        // First 4 + 20 + 1 rows, then the rest of the first two in the other order.
        let first = try together.forward(
            Array(prompts[0][..<4] + prompts[1][..<20] + prompts[2]),
            spans: [
                RowSpan(sequence: 0, position: 0, count: 4), RowSpan(sequence: 1, position: 0, count: 20),
                RowSpan(sequence: 2, position: 0, count: 1),
            ])
        let second = try together.forward(
            Array(prompts[1][20...] + prompts[0][4...]),
            spans: [RowSpan(sequence: 1, position: 20, count: 10), RowSpan(sequence: 0, position: 4, count: 5)])
        #expect(equalBits(Array(first[..<(4 * width)]) + Array(second[(10 * width)...]), alone[0]))
        #expect(equalBits(Array(first[(4 * width)..<(24 * width)]) + Array(second[..<(10 * width)]), alone[1]))
        #expect(equalBits(Array(first[(24 * width)...]), alone[2]))
    }

    @Test("output rows are the rows of the full output")
    func outputRowsAreTheRowsOf() throws {
        let file = try tinyFile(.q8_0), long = (0..<300).map { UInt32($0 * 31 % 250) }
        let pipeline = try Pipeline(file), width = pipeline.configuration.vocabulary
        let all = try pipeline.logits(long)
        for rows in [[], [0], [299], [3, 255, 256, 299], Array(250..<260)] {
            try pipeline.open(2)
            let found = try pipeline.forward(
                long, spans: [RowSpan(sequence: 2, position: 0, count: 300)], outputRows: rows)
            #expect(equalBits(found, rows.flatMap { all[$0 * width..<($0 + 1) * width] }), "\(rows)")
            for stage in pipeline.stages { stage.close(sequence: 2) }
        }
    }
}
