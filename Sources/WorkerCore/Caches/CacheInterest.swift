package import Wire

/// Of which sequences somebody wants the caches that another worker has. A pure value.
package enum CacheInterest: Sendable, Hashable {
    /// These, each with at most so many positions.
    case sequences([UInt32: Int])
    /// The first ones that are told, so many.
    case first(Int)

    /// These sequences.
    package init(_ sequences: [KeptSequence]) {
        self = .sequences(Dictionary(sequences.map { ($0.sequence, Int($0.positions)) }) { max($0, $1) })
    }

    /// The positions of a sequence that are of use.
    func positions(of sequence: UInt32) -> Int {
        if case .sequences(let wanted) = self { wanted[sequence] ?? wanted.values.max() ?? 0 } else { .max }
    }

    /// Those of an inventory that matter: the wanted ones, and ones that they share their beginnings with, up to as many again.
    func numbers(of inventory: CacheInventory) -> Set<UInt32> {
        switch self {
        case .first(let count): return Set(inventory.sequences.prefix(count).map(\.sequence))
        case .sequences(let wanted):
            var kept = Set(inventory.sequences.map(\.sequence).filter { wanted[$0] != nil })
            let most = 2 * wanted.count
            // A sequence shares with one before it, and that with one before again.
            for told in inventory.sequences.reversed()
            where kept.contains(told.sequence) && told.sharedPositions > 0 && kept.count < most {
                kept.insert(told.sharedWith)
            }
            return kept
        }
    }
}
