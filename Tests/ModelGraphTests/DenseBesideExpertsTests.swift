import Foundation
import Formats
import GGUF
import ModelGraph
import ModelParts
import Tensors
import TestSupport
import Testing

/// Experts beside a dense network: the golden Gemma 4 without experts, with some put into every layer. (A file of this kind with random experts was
/// held against llama.cpp by hand.)
@Suite(.enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
struct DenseBesideExpertsTests {
    private static let prompt: [UInt32] = (0..<60).map { UInt32($0 * 37 % 500) }
    private static let width = 48

    /// What is put into a layer.
    private struct Experts {
        var count = 5, used = 2, inner = 64
        /// Gates and ups `[width, 2 * inner, count]`, and downs `[inner, width, count]`; nil is random.
        var gatesAndUps: ((_ layer: Int) throws -> [Float])?
        var downs: ((_ layer: Int) throws -> [Float])?
        var scale: Float?
        var norms: Float?
    }

    private static func golden() throws -> GGUFFile {
        try GGUFFile.open(path: Golden.file("../golden2/gguf/gemma4-dense-F16.gguf").path)
    }

    private static func floats(_ file: GGUFFile, _ name: String) throws -> [Float] {
        let tensor = try #require(file.tensor(named: name))
        var values = [Float](repeating: 0, count: tensor.elementCount)
        file.bytes(of: tensor).withUnsafeBytes { bytes in
            values.withUnsafeMutableBufferPointer { Kernels.dequantize(type: tensor.type, bytes: bytes, into: $0) }
        }
        return values
    }

    private static func file(_ experts: Experts) throws -> GGUFFile {
        let golden = try golden(), layers = try ModelConfiguration(file: golden).layers
        var random = SeededGenerator(seed: 11)
        var tensors = golden.tensors.map { GGUFWriter.Tensor(name: $0.name, type: $0.type, dimensions: $0.dimensions) }
        var contents = golden.tensors.map { golden.bytes(of: $0).withUnsafeBytes { Array($0) } }
        func add(_ name: String, _ dimensions: [Int], _ values: [Float]?, around mean: Float = 0) {
            let count = dimensions.reduce(1, *)
            let values = values ?? (0..<count).map { _ in mean + Float.random(in: -0.3...0.3, using: &random) }
            tensors.append(GGUFWriter.Tensor(name: name, type: .f32, dimensions: dimensions))
            contents.append(values.withUnsafeBytes { Array($0) })
        }
        let (count, inner) = (experts.count, experts.inner)
        for layer in 0..<layers {
            let prefix = "blk.\(layer)."
            add(prefix + "ffn_gate_inp.weight", [width, count], nil)
            add(prefix + "ffn_gate_inp.scale", [width], nil, around: 5)
            add(prefix + "ffn_gate_up_exps.weight", [width, 2 * inner, count], try experts.gatesAndUps?(layer))
            add(prefix + "ffn_down_exps.weight", [inner, width, count], try experts.downs?(layer))
            add(
                prefix + "ffn_down_exps.scale", [count],
                experts.scale.map { Array(repeating: $0, count: count) }, around: 1)
            let before = try experts.norms.map { _ in try floats(golden, prefix + "ffn_norm.weight") }
            add(prefix + "pre_ffw_norm_2.weight", [width], before, around: 1)
            for name in ["post_ffw_norm_1.weight", "post_ffw_norm_2.weight"] {
                add(prefix + name, [width], experts.norms.map { Array(repeating: $0, count: width) }, around: 1)
            }
        }
        let metadata =
            golden.metadata.entries + [
                ("gemma4.expert_count", .uint32(UInt32(count))),
                ("gemma4.expert_used_count", .uint32(UInt32(experts.used))),
                ("gemma4.expert_feed_forward_length", .uint32(UInt32(inner))),
            ]
        let bytes = try GGUFWriter(metadata: metadata, tensors: tensors).file(contents: contents)
        return try GGUFFile(bytes: MappedBytes(copying: bytes), path: "experts.gguf")
    }

    @Test("experts of no weight leave the network that all rows take")
    func expertsOfNoWeight() throws {
        let expected = try Pipeline(Self.golden(), compute: .f32).logits(Self.prompt)
        let file = try Self.file(Experts(scale: 0, norms: 1))
        #expect(try largestDifference(Pipeline(file, compute: .f32).logits(Self.prompt), expected) < 1e-3)
    }

    @Test("experts that are each the network itself double it, and the norm after both halves it again")
    func expertsThatAreTheNetwork() throws {
        let golden = try Self.golden(), copies = 3
        let expected = try Pipeline(golden, compute: .f32).logits(Self.prompt)
        func repeated(_ values: [Float]) -> [Float] { (0..<copies).flatMap { _ in values } }
        var experts = Experts(count: copies, used: 2, scale: 1, norms: 1)
        experts.gatesAndUps = { layer in
            let gate = try Self.floats(golden, "blk.\(layer).ffn_gate.weight")
            return repeated(gate + (try Self.floats(golden, "blk.\(layer).ffn_up.weight")))
        }
        experts.downs = { repeated(try Self.floats(golden, "blk.\($0).ffn_down.weight")) }
        let file = try Self.file(experts)
        #expect(try largestDifference(Pipeline(file, compute: .f32).logits(Self.prompt), expected) < 1e-3)
        let norm = try Self.file(Experts(scale: 1, norms: 1))
        #expect(try largestDifference(Pipeline(norm, compute: .f32).logits(Self.prompt), expected) > 0.1)
    }

    @Test("stages, chunks, threads and instruction sets leave every bit as it is", arguments: ComputeMode.allCases)
    func everyBitStays(compute: ComputeMode) throws {
        let file = try Self.file(Experts())
        let expected = try Pipeline(file, compute: compute).logits(Self.prompt)
        #expect(!expected.contains { !$0.isFinite })
        for (splits, chunk, threads) in [([1], 1, 1), ([2], 64, 3), ([1, 4], 7, 2)] {
            let found = try Pipeline(file, splits: splits, compute: compute, threads: threads)
                .logits(Self.prompt, chunk: chunk)
            #expect(equalBits(found, expected), "splits \(splits), chunk \(chunk), \(threads) threads")
        }
        for set in Kernels.supportedInstructionSets {
            let found = try Kernels.using(instructionSet: set) {
                try Pipeline(file, compute: compute, threads: 2).logits(Self.prompt, chunk: 9)
            }
            #expect(equalBits(found, expected), "\(set)")
        }
    }
}
