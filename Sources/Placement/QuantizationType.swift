/// An element type by which people choose a model's file.
package struct QuantizationType: Sendable, Hashable {
    /// The name in file names, such as "Q4_0".
    package let name: String
    /// The number in GGUF files.
    package let elementType: UInt32
    /// Bits that a weight takes, its block's scales included; those of ggml's block structs.
    package let bitsPerWeight: Double

    /// Those with fast products, the largest first.
    package static let common: [QuantizationType] = [
        .init(name: "F32", elementType: 0, bitsPerWeight: 32), .init(name: "F16", elementType: 1, bitsPerWeight: 16),
        .init(name: "BF16", elementType: 30, bitsPerWeight: 16),
        .init(name: "Q8_0", elementType: 8, bitsPerWeight: 8.5),
        .init(name: "Q6_K", elementType: 14, bitsPerWeight: 6.5625),
        .init(name: "Q5_1", elementType: 7, bitsPerWeight: 6), .init(name: "Q5_0", elementType: 6, bitsPerWeight: 5.5),
        .init(name: "Q5_K", elementType: 13, bitsPerWeight: 5.5), .init(name: "Q4_1", elementType: 3, bitsPerWeight: 5),
        .init(name: "Q4_K", elementType: 12, bitsPerWeight: 4.5),
        .init(name: "Q4_0", elementType: 2, bitsPerWeight: 4.5),
        .init(name: "IQ4_NL", elementType: 20, bitsPerWeight: 4.5),
        .init(name: "IQ4_XS", elementType: 23, bitsPerWeight: 4.25),
        .init(name: "MXFP4", elementType: 39, bitsPerWeight: 4.25),
        .init(name: "Q3_K", elementType: 11, bitsPerWeight: 3.4375),
        .init(name: "Q2_K", elementType: 10, bitsPerWeight: 2.625),
    ]

    /// Those that are offered where a model does not fit: one for each number of bits, the largest first.
    static let offered = ["Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q3_K", "Q2_K"].map { name in
        common.first { $0.name == name }!
    }
}

extension ModelSizes {
    /// The sizes as they would be with no weight of more bits than `type` has: an estimate, as files mix types.
    func quantized(to type: QuantizationType) -> ModelSizes {
        func smaller(_ part: PartSize) -> PartSize {
            PartSize(
                part.weights.map { weights in
                    let bytes = (Double(weights.elements) * type.bitsPerWeight / 8).rounded(.up)
                    guard bytes < Double(weights.bytes) else { return weights }
                    return WeightBytes(
                        elementType: type.elementType, elements: weights.elements, bytes: Int(bytes),
                        experts: weights.experts)
                })
        }
        var sizes = self
        sizes.layers = layers.map(smaller)
        sizes.embedding = smaller(embedding)
        sizes.head = smaller(head)
        return sizes
    }
}
