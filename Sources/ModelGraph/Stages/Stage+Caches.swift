package import Tensors

/// The cache of one sequence: what a stage has of it, or is to go on with. Pages are shared with whoever else holds them.
package struct SequenceCache: Sendable {
    /// Positions that it holds.
    package var positions: Int
    /// How often it was shortened since it began.
    package var trims: UInt32
    /// Pages of 64 positions of all the stage's layers, enough for the positions.
    package var pages: [KeyValuePage]

    package init(positions: Int, trims: UInt32, pages: [KeyValuePage]) {
        self.positions = positions
        self.trims = trims
        self.pages = pages
    }
}

/// Caches that go from one stage to another.
extension Stage {
    /// How a page of its caches is laid out.
    package var cacheLayout: KeyValueLayout { cache.layout }

    /// The numbers of the open sequences, ascending.
    package var sequenceNumbers: [UInt32] { cache.sequences.keys.sorted() }

    /// What it has of a sequence; nil where that is not open.
    package func cached(sequence: UInt32) -> SequenceCache? {
        cache.sequences[sequence].map { SequenceCache(positions: $0.length, trims: $0.trims, pages: $0.pages) }
    }

    /// Closes all sequences and opens these.
    ///
    /// - Precondition: pages have this stage's layout and suffice for the positions, which the context has. A stage without layers
    ///   holds no positions.
    package func replaceCaches(with caches: [UInt32: SequenceCache]) {
        let limit = cache.pageLimit
        cache = KeyValueCache(layout: cache.layout, context: context)
        cache.pageLimit = limit
        for (number, sequence) in caches {
            precondition(
                sequence.pages.count >= KeyValueLayout.pages(positions: sequence.positions)
                    && (sequence.positions == 0 || !layers.isEmpty),
                "\(sequence.positions) positions in \(sequence.pages.count) pages of \(layers.count) layers")
            cache.install(number, pages: sequence.pages, positions: sequence.positions, trims: sequence.trims)
        }
    }
}
