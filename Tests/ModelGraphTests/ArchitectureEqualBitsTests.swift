import ModelParts
import Foundation
import GGUF
import ModelGraph
import Tensors
import TestSupport
import Testing

/// Every architecture: what a row becomes does not depend on how the work is cut. All these compare with memcmp.
@Suite(.enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
struct ArchitectureEqualBitsTests {
    /// Longer than windows, and than a page of the cache.
    static let prompt: [UInt32] = (0..<90).map { UInt32($0 * 37 % 500) }

    @Test("stages, chunks and threads leave every bit of every architecture as it is", arguments: GoldenModel.all)
    func stagesChunksAndThreads(model: GoldenModel) throws {
        let file = try GGUFFile.open(path: Golden.file(model.file).path)
        for compute in ComputeMode.allCases {
            let expected = try Pipeline(file, compute: compute).logits(Self.prompt)
            #expect(!expected.contains { !$0.isFinite })
            for (splits, chunk, threads) in [([1], 1, 1), ([2], 64, 3), ([1, 2], 7, 2), ([], 33, 2)] {
                let found = try Pipeline(file, splits: splits, compute: compute, threads: threads)
                    .logits(Self.prompt, chunk: chunk)
                #expect(equalBits(found, expected), "splits \(splits), chunk \(chunk), \(threads) threads")
            }
        }
    }

    @Test("every instruction set gives the logits of the scalar kernels", arguments: QuantizedLogitsTests.files)
    func everyInstructionSet(folder: String, entry: QuantizedLogitsTests.Index.File) throws {
        let file = try GGUFFile.open(path: Golden.file("\(folder)/\(entry.file)").path)
        try compare(file)
    }

    @Test(
        "every instruction set gives the logits of the scalar kernels for every architecture",
        arguments: GoldenModel.all)
    func everyInstructionSetOfEveryArchitecture(model: GoldenModel) throws {
        try compare(GGUFFile.open(path: Golden.file(model.file).path))
    }

    private func compare(_ file: GGUFFile) throws {
        for compute in ComputeMode.allCases {
            let expected = try Kernels.using(instructionSet: "scalar") {
                try Pipeline(file, compute: compute).logits(Array(Self.prompt[..<60]))
            }
            for set in Kernels.supportedInstructionSets.dropFirst() {
                let found = try Kernels.using(instructionSet: set) {
                    try Pipeline(file, compute: compute, threads: 2).logits(Array(Self.prompt[..<60]), chunk: 9)
                }
                #expect(equalBits(found, expected), "\(set)")
            }
        }
    }
}
