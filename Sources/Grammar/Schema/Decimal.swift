/// A decimal number, exactly.
struct Decimal: Sendable, Hashable {
    private(set) var isNegative: Bool
    /// Digits before the point without leading zeros; none for 0.
    private(set) var whole: [UInt8]
    /// Digits behind it without zeros at the end.
    private(set) var fraction: [UInt8]

    static let zero = Decimal(0)

    init(_ value: Int) { self.init("\(value)")! }

    /// A number as JSON writes it; nil for one of more than 400 digits.
    init?(_ text: String) {
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        var rest = Array(text.utf8)[...]
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "."): point = digits.count
            default:
                let written = String(decoding: rest, as: UTF8.self)
                guard let value = Int(written), abs(value) <= 400 else { return nil }
                exponent = value
                rest = []
            }
        }
        let place = (point ?? digits.count) + exponent
        guard digits.count <= 400, abs(place) <= 800 else { return nil }
        if place < 0 { digits.insert(contentsOf: [UInt8](repeating: 0, count: -place), at: 0) }
        if place > digits.count { digits += [UInt8](repeating: 0, count: place - digits.count) }
        let border = max(0, place)
        whole = Array(digits[..<border].drop { $0 == 0 })
        fraction = Array(digits[border...])
        while fraction.last == 0 { fraction.removeLast() }
        if isZero { isNegative = false }
    }

    var isZero: Bool { whole.isEmpty && fraction.isEmpty }

    var isWhole: Bool { fraction.isEmpty }

    var magnitude: Decimal {
        var result = self
        result.isNegative = false
        return result
    }

    /// As a whole number; nil where it is none or a large one.
    var integer: Int? {
        guard fraction.isEmpty, whole.count <= 15 else { return nil }
        let value = whole.reduce(0) { $0 * 10 + Int($1) }
        return isNegative ? -value : value
    }

    static func < (left: Decimal, right: Decimal) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? right.isBelow(left) : left.isBelow(right)
    }

    /// By magnitude.
    private func isBelow(_ other: Decimal) -> Bool {
        if whole.count != other.whole.count { return whole.count < other.whole.count }
        return (whole + fraction).lexicographicallyPrecedes(other.whole + other.fraction)
    }
}

/// One end of a range of numbers.
struct NumberBound: Sendable, Hashable {
    var value: Decimal
    /// Whether the value itself is out.
    var isExclusive: Bool

    /// The stricter of two lower or upper bounds.
    static func stricter(_ one: NumberBound?, _ other: NumberBound?, isLower: Bool) -> NumberBound? {
        guard let one, let other else { return one ?? other }
        if one.value == other.value { return one.isExclusive ? one : other }
        return (one.value < other.value) == isLower ? other : one
    }
}
