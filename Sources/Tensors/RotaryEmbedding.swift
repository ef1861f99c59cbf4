import CKernels

/// How frequencies are changed for longer contexts than a model was first trained with.
package enum RopeScaling: Sendable, Hashable {
    /// Divided by a number; by 1 they stay.
    case linear(Float)
    /// Each pair's divided by its own number: llama 3, longrope.
    case factors([Float])
    /// YaRN (Peng et al.) with the bounds of its ramp rounded outwards, as llama.cpp has it: pairs that turn more than `betaFast` times
    /// in the original context stay, those that turn less than `betaSlow` times are divided by `factor`.
    case yarn(factor: Float, originalContext: Int, betaFast: Float, betaSlow: Float)
}

/// The angles of a rotary position embedding (Su et al., "RoFormer"). Made without libm, so they are the same on every machine.
///
/// Thread safety: immutable.
package struct RotaryEmbedding: Sendable {
    /// Which values form a pair.
    package enum Pairing: Sendable, Hashable {
        /// Values 2j and 2j + 1, as llama GGUF files have them.
        case interleaved
        /// Values j and j + pairs (NeoX).
        case halves

        var number: Int32 { Int32(self == .interleaved ? SHOAL_ROPE_INTERLEAVED.rawValue : SHOAL_ROPE_HALVES.rawValue) }
    }

    /// How values are paired.
    package let pairing: Pairing
    /// The angle per position of each pair, in radians.
    package let frequencies: [Float]
    /// What cosines and sines are multiplied with, and so the rotated values.
    package let magnitude: Float
    /// Pairs that are rotated; a head's further values stay.
    package var pairs: Int { frequencies.count }

    /// Makes frequencies base^(-2j / dimensions) / (factors[j] * scaling).
    ///
    /// - Precondition: `base` > 0, `scaling` > 0, `dimensions` even, `factors` nil or `dimensions / 2` long.
    package init(
        base: Float, dimensions: Int, factors: [Float]?, scaling: Float, magnitude: Float = 1, pairing: Pairing
    ) {
        precondition(base > 0 && scaling > 0 && dimensions.isMultiple(of: 2), "base \(base), \(dimensions) dimensions")
        precondition(factors.map { $0.count == dimensions / 2 } ?? true, "\(factors?.count ?? 0) factors")
        self.init(magnitude: magnitude, pairing: pairing, pairs: dimensions / 2) { frequencies in
            if let factors {
                shoal_rope_frequencies(Double(base), dimensions, factors, Double(scaling), frequencies)
            } else {
                shoal_rope_frequencies(Double(base), dimensions, nil, Double(scaling), frequencies)
            }
        }
    }

    /// Makes frequencies base^(-2j / dimensions), changed as `scaling` says.
    ///
    /// - Precondition: `base` > 0, `dimensions` even; divisors, turns and contexts are > 0, factors `dimensions / 2`; with YaRN `base` > 1.
    package init(base: Float, dimensions: Int, scaling: RopeScaling, magnitude: Float = 1, pairing: Pairing) {
        switch scaling {
        case .linear(let divisor):
            self.init(
                base: base, dimensions: dimensions, factors: nil, scaling: divisor, magnitude: magnitude,
                pairing: pairing)
        case .factors(let factors):
            self.init(
                base: base, dimensions: dimensions, factors: factors, scaling: 1, magnitude: magnitude,
                pairing: pairing)
        case .yarn(let factor, let originalContext, let betaFast, let betaSlow):
            precondition(base > 1 && dimensions.isMultiple(of: 2), "base \(base), \(dimensions) dimensions")
            precondition(factor > 0 && originalContext > 0 && betaFast > 0 && betaSlow > 0, "\(scaling)")
            let yarn = shoal_yarn(
                factor: Double(factor), original_context: Double(originalContext), beta_fast: Double(betaFast),
                beta_slow: Double(betaSlow))
            self.init(magnitude: magnitude, pairing: pairing, pairs: dimensions / 2) {
                shoal_rope_frequencies_yarn(Double(base), dimensions, yarn, $0)
            }
        }
    }

    private init(
        magnitude: Float, pairing: Pairing, pairs: Int, makeFrequencies: (UnsafeMutablePointer<Float>) -> Void
    ) {
        self.pairing = pairing
        self.magnitude = magnitude
        frequencies = [Float](unsafeUninitializedCapacity: pairs) { buffer, used in
            used = pairs
            if let place = buffer.baseAddress { makeFrequencies(place) }
        }
    }

    /// The natural logarithm, of the same bits on every machine, for the magnitudes that go with scalings.
    ///
    /// - Precondition: `x` is positive and normal.
    package static func logarithm(_ x: Double) -> Double {
        precondition(x.isNormal && x > 0, "the logarithm of \(x)")
        return shoal_logarithm(x)
    }

    /// Writes `pairs` cosines and then `pairs` sines of a position.
    package func angles(position: Int, into angles: UnsafeMutablePointer<Float>) {
        shoal_rope_angles(position, frequencies, pairs, magnitude, angles, angles + pairs)
    }

    /// Rotates `heads` heads of `headSize` values, in place, by angles that `angles(position:into:)` wrote.
    package func rotate(_ values: UnsafeMutablePointer<Float>, heads: Int, headSize: Int, angles: UnsafePointer<Float>)
    {
        precondition(pairs * 2 <= headSize, "\(pairs) pairs in a head of \(headSize)")
        shoal_rope_apply(pairing.number, values, heads, headSize, pairs, angles, angles + pairs)
    }
}
