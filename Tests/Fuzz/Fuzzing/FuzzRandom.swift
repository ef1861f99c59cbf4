import TestSupport

/// Numbers and choices for inputs; the same seed gives the same inputs everywhere.
package struct FuzzRandom {
    private var generator: SeededGenerator

    /// The numbers of one input.
    package init(seed: UInt64, index: Int) {
        var mixed = SeededGenerator(seed: seed)
        generator = SeededGenerator(seed: mixed.next() ^ UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15)
        _ = generator.next()
    }

    /// A number below `bound`, which is at least 1.
    package mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }

    /// True once in so many times.
    package mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    /// 64 random bits.
    package mutating func bits() -> UInt64 { generator.next() }

    /// One of a list, which is not empty.
    package mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

    /// A place in a text of `count` bytes, more often near its beginning, where headers are.
    package mutating func place(in count: Int) -> Int {
        switch below(3) {
        case 0: below(max(count, 1))
        case 1: below(max(min(count, 64), 1))
        default: below(max(min(count, 1 + below(max(count, 1))), 1))
        }
    }

    /// A number that programs get wrong: limits, powers of two and their neighbours.
    package mutating func interesting() -> UInt64 {
        switch below(4) {
        case 0: return UInt64(below(17))
        case 1: return (1 << UInt64(below(64))) &- 1 &+ UInt64(below(3))
        case 2: return UInt64.max - UInt64(below(64))
        default: return bits() >> UInt64(below(64))
        }
    }
}
