package import Tensors

/// The cache of one sequence: what a stage has of it, or is to go on with. Pages are shared with whoever else holds them.
package struct SequenceCache: Sendable {
    /// Positions that it holds.
    package var positions: Int
    /// How often it was shortened since it began.
    package var trims: UInt32
    /// The most positions that it, or one whose beginning it shares, ever had: what was given back by then is gone.
    package var reach: Int
    /// For each group of the stage's caches pages of 64 positions, enough for the positions; nil where one was given back.
    package var pages: [[KeyValuePage?]]

    package init(positions: Int, trims: UInt32, reach: Int, pages: [[KeyValuePage?]]) {
        self.positions = positions
        self.trims = trims
        self.reach = reach
        self.pages = pages
    }
}

/// Caches that go from one stage to another.
extension Stage {
    /// How its caches are laid out.
    package var cacheLayout: CacheLayout { cache.layout }

    /// The numbers of the open sequences, ascending.
    package var sequenceNumbers: [UInt32] { cache.sequences.keys.sorted() }

    /// What it has of a sequence; nil where that is not open.
    package func cached(sequence: UInt32) -> SequenceCache? {
        cache.sequences[sequence].map {
            SequenceCache(positions: $0.length, trims: $0.trims, reach: $0.reach, pages: $0.groups.map(\.pages))
        }
    }

    /// Closes all sequences and opens these.
    ///
    /// - Precondition: pages have this stage's layout and suffice for the positions, which the context has. A stage without layers
    ///   holds no positions.
    package func replaceCaches(with caches: [UInt32: SequenceCache]) {
        let limits = cache.pageLimits
        cache = KeyValueCache(layout: cache.layout, context: context)
        cache.pageLimits = limits
        for (number, sequence) in caches {
            precondition(
                isWhole(sequence) && (sequence.positions == 0 || !layers.isEmpty),
                "\(sequence.positions) positions in \(sequence.pages.map(\.count)) pages of \(layers.count) layers")
            cache.install(number, sequence)
        }
    }

    /// Whether there are the pages that the positions take.
    private func isWhole(_ sequence: SequenceCache) -> Bool {
        let count = KeyValueLayout.pages(positions: sequence.positions)
        guard count > 0 else { return true }
        return sequence.reach >= sequence.positions && sequence.pages.count == cache.layout.groups.count
            && zip(cache.layout.groups, sequence.pages).allSatisfy { group, pages in
                let first = group.kind.firstPage(reach: sequence.reach)
                return pages.count >= count && first < count && pages[first..<count].allSatisfy { $0 != nil }
            }
    }
}
