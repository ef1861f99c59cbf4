/// How many positions the caches of all sequences have room for. A pure value.
package struct CacheRoom: Sendable, Hashable {
    /// Positions behind a window that stages keep besides, so that a sequence can be cut a little.
    package static let slack = 128

    /// Positions of layers that keep all.
    package let positions: Int
    /// Positions that one sequence may have.
    private let context: Int
    private let slots: Int
    private let rowsPerStep: Int
    private let pagePositions: Int
    /// Positions behind a window that are kept besides.
    package let slack: Int

    /// - Parameters:
    ///   - context: positions that one sequence may have.
    ///   - slots: sequences at work at a time.
    ///   - rowsPerStep: rows that a step computes of one sequence at most.
    ///   - pagePositions: positions of a page: the cache of a sequence takes whole pages.
    ///   - positions: of all sequences together, where a layer keeps all; nil is the context for every slot. `Int.max` where they are
    ///     more than can be counted.
    package init(
        context: Int, slots: Int, rowsPerStep: Int, pagePositions: Int, positions: Int? = nil, slack: Int = slack
    ) {
        self.context = context
        self.slots = slots
        self.rowsPerStep = rowsPerStep
        self.pagePositions = pagePositions
        self.slack = slack
        self.positions =
            positions ?? product(slots, Self.whole(context, page: pagePositions))
    }

    /// Sequences that have ended and are kept for their beginnings, where layers with a window have room of their own: as many as are at
    /// work, and one.
    package var resting: Int { sum(slots, 1) }

    /// Positions of layers whose rows see no more than a window; nil is all.
    ///
    /// Each sequence at work has the window, what is kept besides and the rows of a step; each that has ended, the window and what is kept
    /// besides. All begin anywhere in a page.
    package func positions(window: Int?) -> Int {
        guard let window else { return positions }
        let rest = sum(window, slack)
        return min(positions, sum(product(slots, most(sum(rest, rowsPerStep))), product(resting, most(rest))))
    }

    /// Positions of the pages that so many neighbouring ones of one sequence are in at most.
    private func most(_ count: Int) -> Int {
        min(Self.whole(context, page: pagePositions), sum(Self.whole(count, page: pagePositions), pagePositions))
    }

    /// Positions of whole pages.
    private static func whole(_ count: Int, page: Int) -> Int {
        let rest = count % page
        return rest == 0 || count > .max - page ? count : count - rest + page
    }
}

private func sum(_ one: Int, _ other: Int) -> Int {
    let (sum, overflow) = one.addingReportingOverflow(other)
    return overflow ? .max : sum
}

private func product(_ one: Int, _ other: Int) -> Int {
    let (product, overflow) = one.multipliedReportingOverflow(by: other)
    return overflow ? .max : product
}
