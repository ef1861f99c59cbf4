import Formats
import Foundation
import GGUF

extension SyntheticModel {
    /// Its tensors under llama.cpp's names.
    var tensors: [GGUFWriter.Tensor] {
        var tensors = [matrix("token_embd.weight", shape.width, shape.vocabulary, shape.tied ? headType : type)]
        if shape.ropeStretch != nil { tensors.append(vector(Self.ropeFactors, shape.headSize / 2)) }
        for layer in 0..<shape.layers {
            tensors += attention("blk.\(layer)") + feedForward("blk.\(layer)")
        }
        tensors.append(vector("output_norm.weight", shape.width))
        return shape.tied ? tensors : tensors + [matrix("output.weight", shape.width, shape.vocabulary, headType)]
    }

    /// What a tensor of one dimension holds: ones in norms.
    func vectorValues(_ tensor: GGUFTensor) -> [Float] {
        guard tensor.name == Self.ropeFactors, let stretch = shape.ropeStretch else {
            return [Float](repeating: 1, count: tensor.columns)
        }
        // Waves longer than the 8,192 tokens of the first training are stretched, a quarter as long ones are not, and
        // those between by degrees: rope_type "llama3" in the models' configuration.
        return (0..<tensor.columns).map { index in
            let share = Double(index) / Double(tensor.columns)
            let wavelength = 2 * Double.pi * pow(Double(shape.ropeBase), share)
            let turns = min(max((8192 / wavelength - 1) / 3, 0), 1)
            return Float(1 / ((1 - turns) / Double(stretch) + turns))
        }
    }

    private static var ropeFactors: String { "rope_freqs.weight" }

    /// The output matrix is finer than the rest, as llama.cpp's quantizer makes it.
    private var headType: ElementType {
        switch type {
        case .f32, .f16, .bf16, .q8_0: type
        default: .q6_K
        }
    }

    private func matrix(_ name: String, _ columns: Int, _ rows: Int, _ type: ElementType) -> GGUFWriter.Tensor {
        .init(name: name, type: type, dimensions: [columns, rows])
    }

    private func vector(_ name: String, _ count: Int) -> GGUFWriter.Tensor {
        .init(name: name, type: .f32, dimensions: [count])
    }

    private func attention(_ prefix: String) -> [GGUFWriter.Tensor] {
        let (queries, keys) = (shape.heads * shape.headSize, shape.keyValueHeads * shape.headSize)
        var tensors = [vector("\(prefix).attn_norm.weight", shape.width)]
        if shape.normalizesHeads {
            tensors += ["q", "k"].map { vector("\(prefix).attn_\($0)_norm.weight", shape.headSize) }
        }
        return tensors + [
            matrix("\(prefix).attn_q.weight", shape.width, queries, type),
            matrix("\(prefix).attn_k.weight", shape.width, keys, type),
            matrix("\(prefix).attn_v.weight", shape.width, keys, type),
            matrix("\(prefix).attn_output.weight", queries, shape.width, type),
        ]
    }

    private func feedForward(_ prefix: String) -> [GGUFWriter.Tensor] {
        let norm = vector("\(prefix).ffn_norm.weight", shape.width)
        guard let experts = shape.experts else {
            return [
                norm, matrix("\(prefix).ffn_gate.weight", shape.width, shape.feedForwardWidth, type),
                matrix("\(prefix).ffn_up.weight", shape.width, shape.feedForwardWidth, type),
                matrix("\(prefix).ffn_down.weight", shape.feedForwardWidth, shape.width, type),
            ]
        }
        func matrices(_ name: String, _ columns: Int, _ rows: Int) -> GGUFWriter.Tensor {
            .init(name: "\(prefix).\(name).weight", type: type, dimensions: [columns, rows, experts.count])
        }
        return [
            norm, matrix("\(prefix).ffn_gate_inp.weight", shape.width, experts.count, .f32),
            matrices("ffn_gate_exps", shape.width, experts.feedForwardWidth),
            matrices("ffn_up_exps", shape.width, experts.feedForwardWidth),
            matrices("ffn_down_exps", experts.feedForwardWidth, shape.width),
        ]
    }
}
