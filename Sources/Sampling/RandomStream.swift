/// Random numbers that are the same on every machine: xoshiro256** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number
/// Generators", 2018; https://prng.di.unimi.it), seeded through SplitMix64 as its authors advise.
package struct RandomStream: Sendable, Hashable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// Starts the stream of a seed.
    package init(seed: UInt64) {
        var seed = seed
        func splitMix() -> UInt64 {
            seed &+= 0x9E37_79B9_7F4A_7C15
            var mixed = seed
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
        state = (splitMix(), splitMix(), splitMix(), splitMix())
    }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        let result = rotate(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, 45)
        return result
    }

    /// A number from 0 up to but not including 1, a multiple of 2⁻⁵³.
    package mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }

    package static func == (left: Self, right: Self) -> Bool { left.state == right.state }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(state.0)
        hasher.combine(state.1)
        hasher.combine(state.2)
        hasher.combine(state.3)
    }

    private func rotate(_ bits: UInt64, _ count: UInt64) -> UInt64 { (bits << count) | (bits >> (64 - count)) }
}
