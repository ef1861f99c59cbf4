/// A small deterministic generator (SplitMix64, Steele et al. 2014): the same seed gives the same numbers everywhere.
///
/// It describes itself by its seed, so that a failing test can be repeated.
package struct SeededGenerator: RandomNumberGenerator, Sendable, CustomStringConvertible {
    /// What the generator was started with.
    package let seed: UInt64
    private var state: UInt64

    /// Starts with a seed.
    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    package var description: String { "SeededGenerator(seed: \(seed))" }
}
