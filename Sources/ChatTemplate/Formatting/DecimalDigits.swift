/// The decimal digits of a finite number, all of them: a double is a whole number times a power of two, so they end.
///
/// Python rounds these (half to even) wherever it writes a number of digits, so that 2.675 to two places is 2.67.
struct DecimalDigits: Sendable {
    /// Without leading zeros, most significant first; empty for zero.
    private(set) var digits: [UInt8]
    /// How many digits stand before the decimal point; negative for zeros behind it.
    private(set) var point: Int

    /// The digits of a number's magnitude.
    /// - Precondition: it is finite.
    init(_ number: Double) {
        precondition(number.isFinite, "\(number) has no digits")
        guard number != 0 else {
            (digits, point) = ([], 0)
            return
        }
        // number = significand · 2^exponent, both whole.
        var significand = number.significandBitPattern
        var exponent = Int(number.exponentBitPattern) - 1075
        if number.exponentBitPattern == 0 { exponent += 1 } else { significand |= 1 << 52 }
        exponent += significand.trailingZeroBitCount
        significand >>= UInt64(significand.trailingZeroBitCount)
        // For a negative exponent: significand · 5^-exponent · 10^exponent.
        var limbs = [significand % Self.base, significand / Self.base % Self.base]
        Self.multiply(&limbs, by: exponent < 0 ? 5 : 2, times: abs(exponent))
        digits = Self.digits(of: limbs)
        point = digits.count + min(exponent, 0)
        trim()
    }

    /// Keeps so many digits before and behind the decimal point, rounding what goes half to even.
    mutating func round(places: Int) { round(count: point + places) }

    /// Keeps so many significant digits.
    mutating func round(significant count: Int) { if !digits.isEmpty { round(count: count) } }

    /// The digit with a weight of ten to the power; 0 where there is none.
    func digit(at power: Int) -> UInt8 {
        let index = point - 1 - power
        return digits.indices.contains(index) ? digits[index] : 0
    }

    /// The power of ten of the first digit; 0 for zero.
    var exponent: Int { digits.isEmpty ? 0 : point - 1 }

    private mutating func round(count: Int) {
        guard count < digits.count else { return }
        // Below half of the last place: nothing is left.
        guard count >= 0 else {
            (digits, point) = ([], 0)
            return
        }
        let next = digits[count]
        let isHalf = next == 5 && count == digits.count - 1
        let last = count > 0 ? digits[count - 1] : 0
        digits.removeLast(digits.count - count)
        if isHalf ? !last.isMultiple(of: 2) : next >= 5 { roundUp() }
        trim()
    }

    private mutating func roundUp() {
        var index = digits.count - 1
        while index >= 0, digits[index] == 9 {
            digits[index] = 0
            index -= 1
        }
        if index >= 0 {
            digits[index] += 1
        } else {
            digits.insert(1, at: 0)
            point += 1
        }
    }

    private mutating func trim() {
        while digits.last == 0 { digits.removeLast() }
        if digits.isEmpty { point = 0 }
    }

    // MARK: Whole numbers of any size, in limbs of nine digits, least significant first

    private static let base: UInt64 = 1_000_000_000

    private static func multiply(_ limbs: inout [UInt64], by factor: UInt64, times: Int) {
        var left = times
        while left > 0 {
            // As many factors at once as fit a limb's product.
            var product: UInt64 = 1
            while left > 0, product < base / factor {
                product *= factor
                left -= 1
            }
            var carry: UInt64 = 0
            for index in limbs.indices {
                let value = limbs[index] * product + carry
                limbs[index] = value % base
                carry = value / base
            }
            if carry > 0 { limbs.append(carry) }
        }
    }

    private static func digits(of limbs: [UInt64]) -> [UInt8] {
        var digits: [UInt8] = []
        digits.reserveCapacity(9 * limbs.count)
        for limb in limbs.reversed() {
            var divisor = base / 10
            while divisor > 0 {
                digits.append(UInt8(limb / divisor % 10))
                divisor /= 10
            }
        }
        let zeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(zeros)
        return digits
    }
}
