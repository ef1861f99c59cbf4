import Formats
package import GGUF
import Sampling

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension SyntheticModel {
    /// Its tensors under llama.cpp's names, with the types that its quantizer gives them.
    package var tensors: [GGUFWriter.Tensor] {
        var tensors = [matrix("token_embd", shape.width, shape.vocabulary, shape.tied ? headType : type)]
        if shape.ropeStretch != nil { tensors.append(vector(Self.ropeFactors, shape.headSize / 2)) }
        for layer in 0..<shape.layers {
            tensors += attention("blk.\(layer)") + feedForward("blk.\(layer)")
        }
        tensors.append(vector("output_norm.weight", shape.width))
        return shape.tied ? tensors : tensors + [matrix("output", shape.width, shape.vocabulary, headType)]
    }

    /// What a tensor of one dimension holds: ones in norms, small numbers in biases and sinks.
    func vectorValues(_ tensor: GGUFTensor, seed: UInt64) -> [Float] {
        if tensor.name == Self.ropeFactors, let stretch = shape.ropeStretch {
            return stretched(count: tensor.columns, by: stretch)
        }
        guard tensor.name.hasSuffix("_norm.weight") else {
            var random = RandomStream(seed: seed)
            return (0..<tensor.columns).map { _ in Float(random.nextUnit() - 0.5) * 0.1 }
        }
        return [Float](repeating: 1, count: tensor.columns)
    }

    /// Waves longer than the 8,192 tokens of the first training are stretched, a quarter as long ones are not, and
    /// those between by degrees: rope_type "llama3" in the models' configuration.
    private func stretched(count: Int, by stretch: Float) -> [Float] {
        (0..<count).map { index in
            let wavelength = 2 * Double.pi * pow(Double(shape.ropeBase), Double(index) / Double(count))
            let turns = min(max((8192 / wavelength - 1) / 3, 0), 1)
            return Float(1 / ((1 - turns) / Double(stretch) + turns))
        }
    }

    private static var ropeFactors: String { "rope_freqs.weight" }

    /// The type of matrices that have none of their own: of a model whose experts come in MXFP4 alone that is Q8_0.
    private var type: ElementType { requestedType == .mxfp4 && shape.experts?.type == .mxfp4 ? .q8_0 : requestedType }

    /// The output matrix is finer than the rest, as llama.cpp's quantizer makes it.
    private var headType: ElementType {
        switch type {
        case .f32, .f16, .bf16, .q8_0: type
        default: .q6_K
        }
    }

    /// The type that rows of so many columns can have: where they are not whole blocks of 256, the next one of 32, as llama.cpp's
    /// quantizer falls back (`llama-quant.cpp`).
    private func fitting(_ type: ElementType, columns: Int) -> ElementType {
        guard columns % type.blockElements != 0 else { return type }
        switch type {
        case .q2_K, .q3_K, .iq4_xs: return .iq4_nl
        case .q4_K: return .q5_0
        case .q5_K: return .q5_1
        default: return .q8_0
        }
    }

    private func matrix(_ name: String, _ columns: Int, _ rows: Int, _ type: ElementType) -> GGUFWriter.Tensor {
        .init(name: "\(name).weight", type: fitting(type, columns: columns), dimensions: [columns, rows])
    }

    private func vector(_ name: String, _ count: Int) -> GGUFWriter.Tensor {
        .init(name: name, type: .f32, dimensions: [count])
    }

    /// A matrix, and its bias where the architecture has such.
    private func projection(_ name: String, _ columns: Int, _ rows: Int) -> [GGUFWriter.Tensor] {
        let weights = matrix(name, columns, rows, type)
        return shape.family.layout.hasBiases ? [weights, vector("\(name).bias", rows)] : [weights]
    }

    private func attention(_ prefix: String) -> [GGUFWriter.Tensor] {
        let layout = shape.family.layout
        let (queries, keys) = (shape.heads * shape.headSize, shape.keyValueHeads * shape.headSize)
        var tensors = [vector("\(prefix).attn_norm.weight", shape.width)]
        if layout.normalizesHeads {
            tensors += ["q", "k"].map { vector("\(prefix).attn_\($0)_norm.weight", shape.headSize) }
        }
        if layout.fusesMatrices {
            tensors += projection("\(prefix).attn_qkv", shape.width, queries + 2 * keys)
        } else {
            tensors += projection("\(prefix).attn_q", shape.width, queries)
            tensors += projection("\(prefix).attn_k", shape.width, keys)
            tensors += projection("\(prefix).attn_v", shape.width, keys)
        }
        if layout.hasSinks { tensors.append(vector("\(prefix).attn_sinks.weight", shape.heads)) }
        tensors += projection("\(prefix).attn_output", queries, shape.width)
        return layout.normalizesResults
            ? tensors + [vector("\(prefix).post_attention_norm.weight", shape.width)] : tensors
    }

    private func feedForward(_ prefix: String) -> [GGUFWriter.Tensor] {
        let layout = shape.family.layout
        var tensors = [vector("\(prefix).\(layout.feedForwardNorm).weight", shape.width)]
        if let experts = shape.experts {
            tensors += self.experts(prefix, experts)
        } else if layout.fusesMatrices {
            tensors += projection("\(prefix).ffn_up", shape.width, 2 * shape.feedForwardWidth)
            tensors += projection("\(prefix).ffn_down", shape.feedForwardWidth, shape.width)
        } else {
            tensors += projection("\(prefix).ffn_gate", shape.width, shape.feedForwardWidth)
            tensors += projection("\(prefix).ffn_up", shape.width, shape.feedForwardWidth)
            tensors += projection("\(prefix).ffn_down", shape.feedForwardWidth, shape.width)
        }
        return layout.normalizesResults ? tensors + [vector("\(prefix).post_ffw_norm.weight", shape.width)] : tensors
    }

    private func experts(_ prefix: String, _ experts: ModelDimensions.Experts) -> [GGUFWriter.Tensor] {
        let hasBiases = shape.family.layout.hasBiases
        let router = "\(prefix).ffn_gate_inp"
        var tensors: [GGUFWriter.Tensor] = [
            .init(name: "\(router).weight", type: .f32, dimensions: [shape.width, experts.count])
        ]
        if hasBiases { tensors.append(vector("\(router).bias", experts.count)) }
        for (name, columns, rows) in [
            ("gate", shape.width, experts.feedForwardWidth), ("up", shape.width, experts.feedForwardWidth),
            ("down", experts.feedForwardWidth, shape.width),
        ] {
            let name = "\(prefix).ffn_\(name)_exps"
            tensors.append(
                .init(
                    name: "\(name).weight", type: fitting(experts.type ?? type, columns: columns),
                    dimensions: [columns, rows, experts.count]))
            if hasBiases {
                tensors.append(.init(name: "\(name).bias", type: .f32, dimensions: [rows, experts.count]))
            }
        }
        return tensors
    }
}
