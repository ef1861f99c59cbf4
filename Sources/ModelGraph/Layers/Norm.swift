import Tensors

/// A norm of rows of `count` elements.
struct Norm {
    private let shape: NormShape
    private let count: Int
    private let weight: AlignedBuffer
    private let bias: AlignedBuffer?

    /// Loads `name.weight`, and `name.bias` where the kind may have one.
    init<Source>(_ name: String, _ shape: NormShape, count: Int, loader: TensorLoader<Source>) throws(ModelError) {
        self.shape = shape
        self.count = count
        weight = try loader.vector("\(name).weight", count)
        bias = shape.kind == .layer ? try loader.optionalVector("\(name).bias", count) : nil
    }

    /// A norm with these weights `[count]`.
    init(_ shape: NormShape, weight: AlignedBuffer, count: Int) {
        self.shape = shape
        self.count = count
        self.weight = weight
        bias = nil
    }

    var byteCount: Int { weight.bytes.count + (bias?.bytes.count ?? 0) }

    /// Norms a row; `output` may be `input`.
    func apply(_ input: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>) {
        switch shape.kind {
        case .rms:
            RowOperations.rmsNorm(input, weight: weight.floats, count: count, epsilon: shape.epsilon, into: output)
        case .layer:
            RowOperations.layerNorm(
                input, weight: weight.floats, bias: bias?.floats, count: count, epsilon: shape.epsilon, into: output)
        }
    }
}

/// The norm of queries or keys, head by head or all heads as one row.
struct HeadNorm {
    private let weight: AlignedBuffer
    private let shape: NormShape
    /// Elements that are normed together.
    private let count: Int
    /// Whether each part has weights of its own, which lie behind each other.
    private let hasOwnWeights: Bool

    /// - Returns: nil where the architecture has none, or the file may lack it and does.
    init?<Source>(
        _ name: String, _ kind: AttentionShape.QueryKeyNorm, heads: Int, size: Int, loader: TensorLoader<Source>
    ) throws(ModelError) {
        switch kind {
        case .none: return nil
        case .head(let shape):
            (self.shape, count, hasOwnWeights) = (shape, size, false)
            weight = try loader.vector("\(name).weight", size)
        case .eachHead(let shape):
            guard loader.contains("\(name).weight") else { return nil }
            (self.shape, count, hasOwnWeights) = (shape, size, true)
            weight = try loader.vector("\(name).weight", size, heads)
        case .row(let shape):
            (self.shape, count, hasOwnWeights) = (shape, heads * size, false)
            weight = try loader.vector("\(name).weight", heads * size)
        }
    }

    /// A norm of each head of so many elements that multiplies by nothing.
    init(unweighted shape: NormShape, size: Int) throws(ModelError) {
        (self.shape, count, hasOwnWeights) = (shape, size, false)
        do {
            weight = try AlignedBuffer(floats: size)
        } catch {
            throw ModelError(error)
        }
        weight.floats.update(repeating: 1, count: size)
    }

    static func list(
        _ name: String, _ kind: AttentionShape.QueryKeyNorm, heads: Int, size: Int, in list: inout TensorList
    ) {
        switch kind {
        case .none: break
        case .head: list.vector("\(name).weight", size)
        case .eachHead: list.vector("\(name).weight", size, heads, isOptional: true)
        case .row: list.vector("\(name).weight", heads * size)
        }
    }

    var byteCount: Int { weight.bytes.count }

    /// Norms the heads of a row in place.
    func apply(_ row: UnsafeMutablePointer<Float>, width: Int) {
        for first in stride(from: 0, to: width, by: count) {
            let weight = self.weight.floats + (hasOwnWeights ? first : 0)
            switch shape.kind {
            case .rms:
                RowOperations.rmsNorm(
                    row + first, weight: weight, count: count, epsilon: shape.epsilon, into: row + first)
            case .layer:
                RowOperations.layerNorm(
                    row + first, weight: weight, bias: nil, count: count, epsilon: shape.epsilon, into: row + first)
            }
        }
    }
}
