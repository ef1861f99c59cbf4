import CKernels

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
    /// Pairs that are rotated; a head's further values stay.
    package var pairs: Int { frequencies.count }

    /// Makes frequencies base^(-2j / dimensions) / (factors[j] * scaling).
    ///
    /// - Precondition: `base` > 0, `scaling` > 0, `dimensions` even, `factors` nil or `dimensions / 2` long.
    package init(base: Float, dimensions: Int, factors: [Float]?, scaling: Float, pairing: Pairing) {
        precondition(base > 0 && scaling > 0 && dimensions.isMultiple(of: 2), "base \(base), \(dimensions) dimensions")
        precondition(factors.map { $0.count == dimensions / 2 } ?? true, "\(factors?.count ?? 0) factors")
        self.pairing = pairing
        frequencies = [Float](unsafeUninitializedCapacity: dimensions / 2) { buffer, used in
            used = dimensions / 2
            if let factors {
                factors.withUnsafeBufferPointer {
                    shoal_rope_frequencies(
                        Double(base), dimensions, $0.baseAddress, Double(scaling), buffer.baseAddress)
                }
            } else {
                shoal_rope_frequencies(Double(base), dimensions, nil, Double(scaling), buffer.baseAddress)
            }
        }
    }

    /// Writes `pairs` cosines and then `pairs` sines of a position.
    package func angles(position: Int, into angles: UnsafeMutablePointer<Float>) {
        shoal_rope_angles(position, frequencies, pairs, angles, angles + pairs)
    }

    /// Rotates `heads` heads of `headSize` values, in place, by angles that `angles(position:into:)` wrote.
    package func rotate(_ values: UnsafeMutablePointer<Float>, heads: Int, headSize: Int, angles: UnsafePointer<Float>)
    {
        precondition(pairs * 2 <= headSize, "\(pairs) pairs in a head of \(headSize)")
        shoal_rope_apply(pairing.number, values, heads, headSize, pairs, angles, angles + pairs)
    }
}
