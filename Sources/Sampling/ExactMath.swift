/// Exponential and logarithm out of IEEE additions, multiplications and divisions only, so that every machine gets the same bits;
/// the C library's differ in the last bits between systems. Relative error below 1e-15.
enum ExactMath {
    /// `ln 2` in a head of few bits, whose products with exponents are exact, and the rest (Cody and Waite, 1980; the constants are
    /// those of fdlibm's e_exp.c).
    private static let logarithmOf2High = 0x1.62e42feep-1
    private static let logarithmOf2Low = 0x1.a39ef35793c76p-33

    /// e to the power of `x`; 0 below -708, infinity above 709, NaN for NaN.
    @inline(__always)
    static func exponential(_ x: Double) -> Double {
        guard x >= -708 else { return x.isNaN ? x : 0 }
        if x > 709 { return .infinity }
        // Adding and taking away 1.5 * 2^52 rounds to the nearest integer.
        let power = (x * 1.4426950408889634 + 0x1.8p52) - 0x1.8p52
        let r = (x - power * logarithmOf2High) - power * logarithmOf2Low
        // Taylor's series for |r| <= ln(2)/2, Horner's scheme; the first term left out, r^14/14!, is below 2^-57.
        var sum = 1.0 / 6_227_020_800
        sum = sum * r + 1.0 / 479_001_600
        sum = sum * r + 1.0 / 39_916_800
        sum = sum * r + 1.0 / 3_628_800
        sum = sum * r + 1.0 / 362_880
        sum = sum * r + 1.0 / 40_320
        sum = sum * r + 1.0 / 5_040
        sum = sum * r + 1.0 / 720
        sum = sum * r + 1.0 / 120
        sum = sum * r + 1.0 / 24
        sum = sum * r + 1.0 / 6
        sum = sum * r + 0.5
        sum = sum * r + 1
        sum = sum * r + 1
        // 2^power for power in -1021...1023, built from its exponent bits (IEEE 754 binary64).
        return sum * Double(bitPattern: UInt64(Int64(power) + 1023) << 52)
    }

    /// e to the power of `(logit - best) / temperature` for each logit, with the bits of `exponential`.
    ///
    /// - Parameter best: the greatest logit, so that no power is above 0.
    static func exponentials(
        of logits: UnsafeBufferPointer<Float>, minus best: Double, over temperature: Double,
        into results: UnsafeMutableBufferPointer<Double>
    ) {
        let whole = logits.count / 4 * 4
        for first in stride(from: 0, to: whole, by: 4) {
            let values = SIMD4(logits[first], logits[first + 1], logits[first + 2], logits[first + 3])
            let powers = exponential((SIMD4<Double>(values) - best) / temperature)
            for lane in 0..<4 { results[first + lane] = powers[lane] }
        }
        for index in whole..<logits.count {
            results[index] = exponential((Double(logits[index]) - best) / temperature)
        }
    }

    /// The same operations as for one number, on four that are not above 0.
    @inline(__always)
    private static func exponential(_ x: SIMD4<Double>) -> SIMD4<Double> {
        let shifted = x * 1.4426950408889634 + 0x1.8p52
        let power = shifted - 0x1.8p52
        let r = (x - power * logarithmOf2High) - power * logarithmOf2Low
        var sum = SIMD4(repeating: 1.0 / 6_227_020_800)
        sum = sum * r + 1.0 / 479_001_600
        sum = sum * r + 1.0 / 39_916_800
        sum = sum * r + 1.0 / 3_628_800
        sum = sum * r + 1.0 / 362_880
        sum = sum * r + 1.0 / 40_320
        sum = sum * r + 1.0 / 5_040
        sum = sum * r + 1.0 / 720
        sum = sum * r + 1.0 / 120
        sum = sum * r + 1.0 / 24
        sum = sum * r + 1.0 / 6
        sum = sum * r + 0.5
        sum = sum * r + 1
        sum = sum * r + 1
        // The low bits of what was shifted are the power.
        let shift = SIMD4<UInt64>(repeating: (0x1.8p52).bitPattern &- 1023)
        let bits = unsafeBitCast(shifted, to: SIMD4<UInt64>.self) &- shift
        var result = sum * unsafeBitCast(bits &<< 52, to: SIMD4<Double>.self)
        result.replace(with: 0, where: x .< -708)
        return result
    }

    /// The natural logarithm of a positive finite normal number.
    static func logarithm(_ x: Double) -> Double {
        var exponent = Double(x.exponent)
        var significand = x.significand
        if significand > 1.4142135623730951 {
            significand /= 2
            exponent += 1
        }
        // ln(s) = 2 artanh((s-1)/(s+1)); the quotient is at most 0.172, the first term left out below 2^-60.
        let quotient = (significand - 1) / (significand + 1)
        let square = quotient * quotient
        var sum = 0.0
        var odd = 21.0
        while odd >= 1 {
            sum = sum * square + 1 / odd
            odd -= 2
        }
        return exponent * logarithmOf2High + (exponent * logarithmOf2Low + 2 * quotient * sum)
    }
}
