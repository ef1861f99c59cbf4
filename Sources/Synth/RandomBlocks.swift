package import Formats
import Sampling

/// Random bytes that are valid blocks of a type, with scales such that the weights have a wanted deviation.
///
/// Block layouts: ggml-quants in the GGML project. Scales are the same in all blocks: speed does not depend on them.
package struct RandomBlocks {
    /// Types it can make.
    package static let types: [ElementType] = [
        .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_nl, .iq4_xs, .mxfp4, .bf16, .f16,
        .f32,
    ]

    private var random: RandomStream
    private let deviation: Float

    /// - Parameter deviation: the standard deviation of the weights.
    init(seed: UInt64, deviation: Float) {
        random = RandomStream(seed: seed)
        self.deviation = deviation
    }

    /// Fills `bytes`, whole blocks of the type.
    mutating func fill(_ bytes: UnsafeMutableRawBufferPointer, type: ElementType) {
        for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
            bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
        }
        for offset in bytes.count / 8 * 8..<bytes.count { bytes[offset] = UInt8(truncatingIfNeeded: random.next()) }
        for block in stride(from: 0, to: bytes.count, by: type.blockBytes) {
            setScales(UnsafeMutableRawBufferPointer(rebasing: bytes[block..<block + type.blockBytes]), type)
        }
    }

    private func setScales(_ block: UnsafeMutableRawBufferPointer, _ type: ElementType) {
        switch type {
        case .q4_0:
            // Nibbles less 8, uniform: a deviation of 4.6.
            store(deviation / 4.6, at: 0, block)
        case .q4_1:
            store(deviation / 4.6, at: 0, block)
            store(-7.5 * deviation / 4.6, at: 2, block)
        case .q5_0:
            // Five bits less 16, uniform.
            store(deviation / 9.23, at: 0, block)
        case .q5_1:
            store(deviation / 9.23, at: 0, block)
            store(-15.5 * deviation / 9.23, at: 2, block)
        case .q8_0:
            store(deviation / 73.9, at: 0, block)
        case .q2_K:
            // Scales of 4 bits around 7.5 times two bits around 1.5, less minima of 4 bits around 7.5.
            store(deviation / 13.9, at: 80, block)
            store(1.5 * deviation / 13.9, at: 82, block)
        case .q3_K:
            // Scales of 6 bits less 32 with a deviation of 18.5 times three bits less 4 with one of 2.35.
            store(deviation / 43.3, at: 108, block)
        case .q4_K:
            // Sub-block scales of 6 bits around 32 times nibbles around 7.5, less minima of 6 bits around 32.
            store(deviation / 220, at: 0, block)
            store(7.5 * deviation / 220, at: 2, block)
        case .q5_K:
            store(deviation / 527, at: 0, block)
            store(15.5 * deviation / 527, at: 2, block)
        case .q6_K:
            // Scales of int8 with a deviation of 74 times 6 bits less 32 with one of 18.5.
            store(deviation / 1369, at: 208, block)
        case .iq4_nl:
            // The 16 values of the table.
            store(deviation / 67.4, at: 0, block)
        case .iq4_xs:
            // The same times scales of 6 bits less 32.
            store(deviation / 1246, at: 0, block)
        case .mxfp4:
            // Values up to 6 with a deviation of 2.93, times a power of two whose exponent has a bias of 127.
            block[0] = UInt8(127 + (deviation / 2.93).exponent)
        case .bf16:
            let value = uniform(block.load(as: UInt16.self))
            block.storeBytes(of: UInt16(truncatingIfNeeded: value.bitPattern >> 16), as: UInt16.self)
        case .f16:
            block.storeBytes(of: half(uniform(block.load(as: UInt16.self))), as: UInt16.self)
        default:
            block.storeBytes(of: uniform(block.load(as: UInt16.self)), as: Float.self)
        }
    }

    /// Sixteen random bits as a number of the wanted deviation.
    private func uniform(_ bits: UInt16) -> Float { (Float(bits) / 32768 - 1) * deviation * 1.732 }

    private func store(_ value: Float, at offset: Int, _ block: UnsafeMutableRawBufferPointer) {
        block.storeBytes(of: half(value), toByteOffset: offset, as: UInt16.self)
    }

    /// IEEE binary16 of a number whose magnitude is below 65,504, to nearest, ties to even. Scales are often so small that
    /// they are subnormal.
    private func half(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let magnitude = bits & 0x7fff_ffff
        guard magnitude >= 0x3880_0000 else {
            return sign | UInt16((value.magnitude * 0x1p24).rounded(.toNearestOrEven))
        }
        return sign | UInt16(truncatingIfNeeded: (magnitude &+ 0xfff &+ (magnitude >> 13 & 1) &- 0x3800_0000) >> 13)
    }
}
