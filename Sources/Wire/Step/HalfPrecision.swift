/// IEEE binary16 in integer arithmetic that a compiler can vectorize: `Float16` does not exist on every platform, and
/// without F16C its conversions are calls.
enum HalfPrecision {
    /// The nearest binary16, ties to even; finite values beyond ±65504 become ±65504, NaN stays NaN.
    static func bits(of value: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let magnitude = value.bitPattern & 0x7fff_ffff
        if magnitude > 0x7f80_0000 { return sign | 0x7e00 }
        if magnitude == 0x7f80_0000 { return sign | 0x7c00 }
        let clamped = min(magnitude, 0x477f_e000)  // 65504
        // 2^-14 is the least normal binary16. Below it one unit is 2^-24, which is the unit of floats in 0.5..<1: adding
        // 0.5 rounds to it.
        if clamped < 0x3880_0000 {
            let sum = Float(bitPattern: clamped) + 0.5
            return sign | UInt16(truncatingIfNeeded: sum.bitPattern - Float(0.5).bitPattern)
        }
        // Drop 13 bits of the fraction, round to even, and lower the exponent's bias from 127 to 15.
        let rounded = clamped + 0xfff + (clamped >> 13 & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded - 0x3800_0000) >> 13)
    }

    /// The float of the same value.
    static func float(ofBits bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let magnitude = UInt32(bits & 0x7fff)
        // As float bits the exponent is 112 too small, for subnormal values too: multiply by 2^112.
        let scaled = (Float(bitPattern: magnitude << 13) * Float(bitPattern: 0x7780_0000)).bitPattern
        let special: UInt32 = magnitude >= 0x7c00 ? 0x7f80_0000 : 0
        return Float(bitPattern: sign | scaled | special)
    }
}
