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

private typealias Names = TensorNames.Layer

extension SyntheticModel {
    /// Its tensors under llama.cpp's names, with the types that its quantizer gives them.
    package var tensors: [GGUFWriter.Tensor] {
        var tensors = [matrix(TensorNames.embedding, shape.width, shape.vocabulary, shape.tied ? headType : type)]
        if shape.ropeStretch != nil { tensors.append(vector(TensorNames.ropeFactors, shape.headSize / 2)) }
        for layer in 0..<shape.layers {
            let prefix = TensorNames.layer(layer, "")
            tensors += attention(prefix) + feedForward(prefix)
        }
        tensors.append(vector("\(TensorNames.finalNorm).weight", shape.width))
        return shape.tied ? tensors : tensors + [matrix(TensorNames.head, shape.width, shape.vocabulary, headType)]
    }

    /// What a tensor of one dimension holds: ones in norms, small numbers in biases and sinks.
    func vectorValues(_ tensor: GGUFTensor, seed: UInt64) -> [Float] {
        if tensor.name == TensorNames.ropeFactors, let stretch = shape.ropeStretch {
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
        var tensors = [vector(prefix + Names.attentionNorm + ".weight", shape.width)]
        if layout.normalizesHeads {
            tensors += [Names.queryNorm, Names.keyNorm].map { vector("\(prefix)\($0).weight", shape.headSize) }
        }
        if layout.fusesMatrices {
            tensors += projection(prefix + Names.joined, shape.width, queries + 2 * keys)
        } else {
            tensors += projection(prefix + Names.query, shape.width, queries)
            tensors += projection(prefix + Names.key, shape.width, keys)
            tensors += projection(prefix + Names.value, shape.width, keys)
        }
        if layout.hasSinks { tensors.append(vector(prefix + Names.sinks + ".weight", shape.heads)) }
        tensors += projection(prefix + Names.attentionOutput, queries, shape.width)
        return layout.normalizesResults
            ? tensors + [vector(prefix + Names.attentionResultNorm + ".weight", shape.width)] : tensors
    }

    private func feedForward(_ prefix: String) -> [GGUFWriter.Tensor] {
        let layout = shape.family.layout
        var tensors = [vector(prefix + layout.feedForwardNorm + ".weight", shape.width)]
        if let experts = shape.experts {
            tensors += self.experts(prefix, experts)
        } else if layout.fusesMatrices {
            tensors += projection(prefix + Names.up, shape.width, 2 * shape.feedForwardWidth)
            tensors += projection(prefix + Names.down, shape.feedForwardWidth, shape.width)
        } else {
            tensors += projection(prefix + Names.gate, shape.width, shape.feedForwardWidth)
            tensors += projection(prefix + Names.up, shape.width, shape.feedForwardWidth)
            tensors += projection(prefix + Names.down, shape.feedForwardWidth, shape.width)
        }
        return layout.normalizesResults
            ? tensors + [vector(prefix + Names.networkResultNorm + ".weight", shape.width)] : tensors
    }

    private func experts(_ prefix: String, _ experts: ModelDimensions.Experts) -> [GGUFWriter.Tensor] {
        let hasBiases = shape.family.layout.hasBiases
        let router = prefix + Names.router
        var tensors: [GGUFWriter.Tensor] = [
            .init(name: "\(router).weight", type: .f32, dimensions: [shape.width, experts.count])
        ]
        if hasBiases { tensors.append(vector("\(router).bias", experts.count)) }
        for (name, columns, rows) in [
            (Names.expertGates, shape.width, experts.feedForwardWidth),
            (Names.expertUps, shape.width, experts.feedForwardWidth),
            (Names.expertDowns, experts.feedForwardWidth, shape.width),
        ] {
            let name = prefix + name
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
