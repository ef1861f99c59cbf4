import GGUF
import Tensors

extension ModelConfiguration {
    /// The rotary embeddings of all layers, and where the angles of each lie among those of a row.
    ///
    /// - Throws: `ModelError` for factors that are missing or make no sense.
    func rotaryEmbeddings<Source>(
        context: Int, loader: TensorLoader<Source>
    ) throws(ModelError) -> [RopeShape: LayerRope] {
        var ropes: [RopeShape: LayerRope] = [:]
        var offset = 0
        for shape in self.ropes {
            var scaling = shape.scaling
            if let factors = try factors(shape, context: context, loader: loader) {
                // Factors and a linear scaling are both divided by.
                scaling = .factors(factors.map { $0 * shape.linearScaling })
            }
            ropes[shape] = LayerRope(
                rope: RotaryEmbedding(
                    base: shape.base, dimensions: shape.dimensions, scaling: scaling, magnitude: shape.magnitude,
                    pairing: shape.pairing), offset: offset)
            offset += shape.dimensions
        }
        return ropes
    }

    private func factors<Source>(
        _ shape: RopeShape, context: Int, loader: TensorLoader<Source>
    ) throws(ModelError) -> [Float]? {
        let name: String
        switch shape.factors {
        case .none: return nil
        case .frequencies: name = TensorNames.ropeFactors
        case .longAndShort(let positions):
            name = context > positions ? TensorNames.longRopeFactors : TensorNames.shortRopeFactors
        }
        let pairs = shape.dimensions / 2
        guard let values = try loader.optionalVector(name, pairs) else { return nil }
        let factors = withExtendedLifetime(values) {
            Array(UnsafeBufferPointer(start: values.floats, count: pairs))
        }
        if let wrong = factors.first(where: { !($0 > 0 && $0.isFinite) }) {
            throw ModelError(
                code: .invalidTensor, message: "tensor \(name) holds \(wrong)",
                mend: "the file is damaged, download it again")
        }
        return factors
    }
}

extension RopeShape {
    fileprivate var linearScaling: Float {
        if case .linear(let factor) = scaling { factor } else { 1 }
    }
}
