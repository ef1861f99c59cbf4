/// A set of characters (Unicode scalars), as ascending ranges with gaps between them.
struct ScalarSet: Sendable, Hashable {
    private(set) var ranges: [ClosedRange<UInt32>] = []

    /// Every character.
    static let all = ScalarSet([0...0xd7ff, 0xe000...0x10ffff])

    init() {}

    /// The union of ranges in any order; surrogates are left out.
    init(_ ranges: [ClosedRange<UInt32>]) {
        var pieces: [ClosedRange<UInt32>] = []
        for range in ranges {
            if range.lowerBound < 0xd800 { pieces.append(range.lowerBound...min(range.upperBound, 0xd7ff)) }
            if range.upperBound > 0xdfff {
                let lower = max(range.lowerBound, 0xe000)
                let upper = min(range.upperBound, 0x10ffff)
                if lower <= upper { pieces.append(lower...upper) }
            }
        }
        pieces.sort { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
        for piece in pieces {
            if let last = self.ranges.last, piece.lowerBound <= last.upperBound + 1 {
                self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, piece.upperBound)
            } else {
                self.ranges.append(piece)
            }
        }
    }

    /// The characters of a text.
    init(_ text: String) { self.init(text.unicodeScalars.map { $0.value...$0.value }) }

    var isEmpty: Bool { ranges.isEmpty }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    /// All characters but these.
    var complement: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10ffff { gaps.append(next...0x10ffff) }
        return ScalarSet(gaps)
    }

    func intersection(_ other: ScalarSet) -> ScalarSet { complement.union(other.complement).complement }

    func subtracting(_ other: ScalarSet) -> ScalarSet { intersection(other.complement) }

    func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } }
}

/// The UTF-8 of a range of characters, as sequences of byte ranges: a character is in the range when its bytes are in the ranges of one
/// sequence.
func utf8Sequences(_ range: ClosedRange<UInt32>, _ emit: ([ClosedRange<UInt8>]) -> Void) {
    let (lower, upper) = (range.lowerBound, range.upperBound)
    // All of a sequence have the same length.
    for limit: UInt32 in [0x7f, 0x7ff, 0xffff] where lower <= limit && upper > limit {
        utf8Sequences(lower...limit, emit)
        utf8Sequences(limit + 1...upper, emit)
        return
    }
    // Bytes vary independently only where all behind the first that differs go through all their values.
    let length = utf8Length(lower)
    for place in 1..<max(length, 1) {
        let mask: UInt32 = 1 << (6 * UInt32(place)) - 1
        guard lower & ~mask != upper & ~mask else { continue }
        if lower & mask != 0 {
            utf8Sequences(lower...(lower | mask), emit)
            utf8Sequences((lower | mask) + 1...upper, emit)
            return
        }
        if upper & mask != mask {
            utf8Sequences(lower...(upper & ~mask) - 1, emit)
            utf8Sequences((upper & ~mask)...upper, emit)
            return
        }
    }
    emit(zip(utf8Bytes(lower), utf8Bytes(upper)).map { $0...$1 })
}

private func utf8Length(_ scalar: UInt32) -> Int { scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4 }

private func utf8Bytes(_ scalar: UInt32) -> [UInt8] {
    let length = utf8Length(scalar)
    guard length > 1 else { return [UInt8(scalar)] }
    let leads: [UInt8] = [0, 0, 0xc0, 0xe0, 0xf0]
    var bytes = [leads[length] | UInt8(scalar >> (6 * UInt32(length - 1)))]
    for place in stride(from: length - 2, through: 0, by: -1) {
        bytes.append(0x80 | UInt8(scalar >> (6 * UInt32(place)) & 0x3f))
    }
    return bytes
}
