import Tensors
package import Wire

/// Which sequences a standby stage is to have. Pure functions.
package enum StandbySequences {
    /// Whole pages of the sequences that every source has, the oldest first, as many as there are slots for.
    ///
    /// - Parameter sources: what the stages have that it stands by for; those without one of its layers do not matter.
    package static func wanted(_ sources: [CacheContents], layers: Range<Int>, slots: Int) -> [KeptSequence] {
        let sources = sources.filter { $0.layers.overlaps(layers) }
        guard let first = sources.first else { return [] }
        return first.sequences.keys.sorted().compactMap { number -> KeptSequence? in
            let present = sources.compactMap { $0.sequences[number] }
            guard present.count == sources.count, let trims = present.map(\.trims).max(),
                let positions = present.map(\.positions).min()
            else { return nil }
            return KeptSequence(
                sequence: number,
                positions: UInt32(positions / KeyValueLayout.positions * KeyValueLayout.positions), trims: trims)
        }.prefix(slots).map { $0 }
    }
}
