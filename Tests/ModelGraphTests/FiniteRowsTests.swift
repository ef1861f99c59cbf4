import ModelParts
import GGUF
import ModelGraph
import TestSupport
import Testing

/// Files with numbers that are none.
struct FiniteRowsTests {
    private func pipeline(_ damage: TinyModel.Damage, splits: [Int], compute: ComputeMode) throws -> Pipeline {
        var model = TinyModel()
        model.layers = 5
        model.damage = damage
        return try Pipeline(GGUFFile(copying: model.file(), path: "tiny.gguf"), splits: splits, compute: compute)
    }

    private func fault(of pipeline: Pipeline, _ tokens: [UInt32], _ spans: [RowSpan]) -> ModelError? {
        do {
            _ = try pipeline.forward(tokens, spans: spans)
            return nil
        } catch {
            return error as? ModelError
        }
    }

    @Test(
        arguments: ["blk.3.ffn_up.weight", "blk.3.attn_v.weight", "blk.3.ffn_down.weight"],
        [ComputeMode.int8, .f32])
    func `the layer that gives values that are no numbers is named`(tensor: String, compute: ComputeMode) throws {
        for value in [Float.nan, .infinity] {
            for splits in [[], [2], [3], [1, 4]] {
                let pipeline = try pipeline(.init(tensor: tensor, value: value), splits: splits, compute: compute)
                try pipeline.open(1)
                let tokens = (0..<300).map { UInt32($0 * 29 % 250) }
                let error = try #require(
                    fault(of: pipeline, tokens, [RowSpan(sequence: 1, position: 0, count: tokens.count)]))
                #expect(error.code == .notFinite)
                #expect(error.message.hasPrefix("layer 3 gives"), "\(error.message)")
                #expect(error.sequences == [1])
            }
        }
    }

    @Test(arguments: ["blk.3.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"])
    func `a norm with what is no number is not loaded`(tensor: String) {
        let error = #expect(throws: ModelError.self) {
            try pipeline(.init(tensor: tensor, value: .nan), splits: [], compute: .int8)
        }
        #expect(error?.code == .invalidTensor)
        #expect(error?.message.contains(tensor) == true)
    }

    @Test func `the sequences with a damaged token are named, and no other is changed`() throws {
        // The first element of the embedding's first row: token 0.
        let pipeline = try pipeline(.init(tensor: "token_embd.weight", value: .nan), splits: [], compute: .int8)
        let stage = pipeline.stages[0]
        for sequence in 1...3 as ClosedRange<UInt32> { try pipeline.open(sequence) }
        let spans = [
            RowSpan(sequence: 1, position: 0, count: 2), RowSpan(sequence: 2, position: 0, count: 3),
            RowSpan(sequence: 3, position: 0, count: 300),
        ]
        var tokens = [UInt32](repeating: 9, count: 305)
        tokens[4] = 0
        let error = try #require(fault(of: pipeline, tokens, spans))
        #expect(error.message.hasPrefix("the embedding gives"))
        #expect(error.sequences == [2])
        for sequence in 1...3 as ClosedRange<UInt32> { #expect(try stage.length(sequence: sequence) == 0) }
        // The same rows without it.
        tokens[4] = 9
        _ = try pipeline.forward(tokens, spans: spans)
        #expect(try stage.length(sequence: 3) == 300)
    }

    @Test func `what came damaged from another stage is not this one's fault`() throws {
        let pipeline = try pipeline(.init(tensor: "none", value: 0), splits: [2], compute: .int8)
        try pipeline.open(1)
        var rows = [Float](repeating: 0.5, count: 2 * pipeline.stages[1].inputWidth)
        rows[100] = .infinity
        var output = [Float](repeating: 0, count: 2 * pipeline.stages[1].outputWidth)
        let error = #expect(throws: ModelError.self) {
            try output.withUnsafeMutableBufferPointer { output in
                try rows.withUnsafeBufferPointer { rows in
                    try pipeline.stages[1].forward(
                        input: .activations(rows), spans: [RowSpan(sequence: 1, position: 0, count: 2)], output: output)
                }
            }
        }
        #expect(error?.message.hasPrefix("the stage got") == true)
    }
}
