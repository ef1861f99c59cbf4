/// Numbers as they are written: whole ones of up to 16 digits; others with up to 15 digits where they are bounded, so that each is another number when
/// it is read as a double, else with up to 16 before and behind the point and a power of ten of two digits.
struct NumberRules {
    /// Adds a rule and gives its number.
    let addRule: (Expression) -> Int

    static func digits(_ least: Int, _ most: Int) -> Expression {
        .repetition(.characters(ScalarSet([48...57])), least: least, most: most)
    }

    private static let unsigned = Expression.choice([
        .text("0"), .sequence([.characters(ScalarSet([49...57])), digits(0, 15)]),
    ])

    static let integer = Expression.choice([
        unsigned, .sequence([.text("-"), .characters(ScalarSet([49...57])), digits(0, 15)]),
    ])

    static let number = Expression.sequence([
        .optional(.text("-")), unsigned, .optional(.sequence([.text("."), digits(1, 16)])),
        .optional(
            .sequence([
                .characters(ScalarSet("eE")), .optional(.characters(ScalarSet("+-"))), digits(1, 2),
            ])),
    ])

    /// Numbers within bounds; `.never` where there are none.
    func bounded(_ lower: NumberBound?, _ upper: NumberBound?, isInteger: Bool) -> Expression {
        var choices: [Expression] = []
        if upper.map({ !$0.value.isNegative }) ?? true {
            let least = lower.flatMap { $0.value.isNegative ? nil : $0 }
            choices += magnitudes(least, upper, isInteger)
        }
        if lower.map({ $0.value.isNegative }) ?? true {
            // Below zero, bounds change places; -0 is not written.
            let most = lower.map { NumberBound(value: $0.value.magnitude, isExclusive: $0.isExclusive) }
            let least =
                upper.flatMap {
                    $0.value.isNegative ? NumberBound(value: $0.value.magnitude, isExclusive: $0.isExclusive) : nil
                }
                ?? NumberBound(value: .zero, isExclusive: true)
            choices += magnitudes(least, most, isInteger).map { .sequence([.text("-"), $0]) }
        }
        return .choice(choices)
    }

    /// By how many digits there are before the point.
    private func magnitudes(_ lower: NumberBound?, _ upper: NumberBound?, _ isInteger: Bool) -> [Expression] {
        (1...(isInteger ? 16 : 15)).compactMap { length in
            let low = Edge(lower, length)
            let high = Edge(upper, length)
            // Of fewer digits than the lower bound, or more than the upper one.
            if let low, low.excess > 0 { return nil }
            if let high, high.excess < 0 { return nil }
            var automaton = Digits(
                length: length, fraction: isInteger ? 0 : 15 - length,
                low: low.flatMap { $0.excess == 0 ? $0 : nil }, high: high.flatMap { $0.excess == 0 ? $0 : nil },
                addRule: addRule)
            return automaton.node(at: 0, isLow: automaton.low != nil, isHigh: automaton.high != nil, afterPoint: false)
        }
    }

    /// A bound's digits, those before the point as many as the number's.
    struct Edge {
        var digits: [UInt8] = []
        var isExclusive: Bool
        /// How many digits more than the number's the bound has before the point.
        var excess: Int

        init?(_ bound: NumberBound?, _ length: Int) {
            guard let bound else { return nil }
            let whole = bound.value.whole.isEmpty ? [0] : bound.value.whole
            excess = whole.count - length
            digits = whole + bound.value.fraction
            isExclusive = bound.isExclusive
        }

        func digit(_ place: Int) -> UInt8 { place < digits.count ? digits[place] : 0 }

        /// Whether only zeros are left.
        func isOver(from place: Int) -> Bool { digits.dropFirst(place).allSatisfy { $0 == 0 } }
    }

    /// Digit by digit, knowing whether all so far are those of a bound.
    private struct Digits {
        struct Place: Hashable {
            let index: Int
            let isLow: Bool
            let isHigh: Bool
        }

        let length: Int
        let fraction: Int
        let low: Edge?
        let high: Edge?
        let addRule: (Expression) -> Int
        private var made: [Place: Expression] = [:]

        init(length: Int, fraction: Int, low: Edge?, high: Edge?, addRule: @escaping (Expression) -> Int) {
            self.length = length
            self.fraction = fraction
            self.low = low
            self.high = high
            self.addRule = addRule
        }

        /// What may follow the first `index` digits.
        mutating func node(at index: Int, isLow: Bool, isHigh: Bool, afterPoint: Bool) -> Expression {
            if !isLow, !isHigh, !afterPoint { return free(index) }
            if index == length, fraction > 0, !afterPoint {
                let behind = node(at: index, isLow: isLow, isHigh: isHigh, afterPoint: true)
                let point = Expression.sequence([.text("."), behind])
                return .choice([mayEnd(index, isLow, isHigh) ? .empty : .never, point])
            }
            let place = Place(index: index, isLow: isLow, isHigh: isHigh)
            if let known = made[place] { return known }
            var choices: [Expression] = []
            let isInFraction = index > length || index == length && afterPoint
            if index >= length, !(index == length && afterPoint), mayEnd(index, isLow, isHigh) {
                choices.append(.empty)
            }
            if index < length || isInFraction && index < length + fraction {
                var targets: [(lower: UInt8, upper: UInt8, isLow: Bool, isHigh: Bool)] = []
                for digit: UInt8 in (index == 0 && length > 1 ? 1 : 0)...9 {
                    if isLow, digit < low!.digit(index) { continue }
                    if isHigh, digit > high!.digit(index) { continue }
                    let staysLow = isLow && digit == low!.digit(index)
                    let staysHigh = isHigh && digit == high!.digit(index)
                    if let last = targets.last, last.isLow == staysLow, last.isHigh == staysHigh {
                        targets[targets.count - 1].upper = digit
                    } else {
                        targets.append((digit, digit, staysLow, staysHigh))
                    }
                }
                for target in targets {
                    choices.append(
                        .sequence([
                            .characters(ScalarSet([UInt32(target.lower) + 48...UInt32(target.upper) + 48])),
                            node(at: index + 1, isLow: target.isLow, isHigh: target.isHigh, afterPoint: false),
                        ]))
                }
            }
            let result = Expression.rule(addRule(.choice(choices)))
            made[place] = result
            return result
        }

        private func free(_ index: Int) -> Expression {
            if index > length { return NumberRules.digits(0, length + fraction - index) }
            let first: Expression =
                index == 0 && length > 1
                ? .sequence([.characters(ScalarSet([49...57])), NumberRules.digits(length - 1, length - 1)])
                : NumberRules.digits(length - index, length - index)
            guard fraction > 0 else { return first }
            return .sequence([first, .optional(.sequence([.text("."), NumberRules.digits(1, fraction)]))])
        }

        private func mayEnd(_ index: Int, _ isLow: Bool, _ isHigh: Bool) -> Bool {
            if isLow, !low!.isOver(from: index) || low!.isExclusive { return false }
            if isHigh, high!.isOver(from: index), high!.isExclusive { return false }
            return true
        }
    }
}
