import Formats
import GGUF

/// Random contents of tensors. Quantized matrices are random blocks that a quantizer could have made: random quants and a
/// scale that gives the wanted deviation.
extension TinyModel {
    /// Weights near 1, as trained norms have them.
    static func norm(_ tensor: GGUFTensor, _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<tensor.elementCount {
            bytes.append(bits: Float.random(in: 0.9...1.1, using: &generator).bitPattern)
        }
        return bytes
    }

    /// Weights with mean 0 and a standard deviation.
    static func weights(_ tensor: GGUFTensor, deviation: Float, _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tensor.byteCount)
        for _ in 0..<tensor.elementCount / tensor.type.blockElements {
            appendBlock(tensor.type, deviation, &generator, to: &bytes)
        }
        return bytes
    }

    private static func appendBlock(
        _ type: ElementType, _ deviation: Float, _ generator: inout SeededGenerator, to bytes: inout [UInt8]
    ) {
        // A uniform value in ±sqrt(3)·d has the standard deviation d.
        let range = Float(3).squareRoot() * deviation
        switch type {
        case .f16: bytes.append(bits: Float16(Float.random(in: -range...range, using: &generator)).bitPattern)
        case .bf16: bytes.append(bits: UInt16(Float.random(in: -range...range, using: &generator).bitPattern >> 16))
        case .q4_0:
            // 16 levels, -8 to 7: 7.5 steps are the range.
            bytes.append(bits: scale(range / 7.5, &generator).bitPattern)
            bytes.append(random: 16, &generator)
        case .q4_1:
            // 16 levels from a minimum: 15 steps are twice the range.
            let step = scale(range / 7.5, &generator)
            bytes.append(bits: step.bitPattern)
            bytes.append(bits: Float16(-7.5 * Float(step)).bitPattern)
            bytes.append(random: 16, &generator)
        case .q8_0:
            bytes.append(bits: scale(range / 127, &generator).bitPattern)
            for _ in 0..<32 { bytes.append(UInt8(bitPattern: Int8.random(in: -127...127, using: &generator))) }
        default: bytes.append(bits: Float.random(in: -range...range, using: &generator).bitPattern)
        }
    }

    /// Scales differ from block to block, as in real models.
    private static func scale(_ mean: Float, _ generator: inout SeededGenerator) -> Float16 {
        Float16(mean * Float.random(in: 0.8...1.2, using: &generator))
    }
}

extension [UInt8] {
    mutating func damage(with damage: TinyModel.Damage) {
        for index in 0..<Swift.min(damage.count, count / 4) {
            Swift.withUnsafeBytes(of: damage.value.bitPattern.littleEndian) {
                replaceSubrange(4 * index..<4 * index + 4, with: $0)
            }
        }
    }

    fileprivate mutating func append(bits value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(random count: Int, _ generator: inout SeededGenerator) {
        for _ in 0..<count { append(UInt8.random(in: .min ... .max, using: &generator)) }
    }
}
