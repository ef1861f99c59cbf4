/// What two neighbouring tokens become.
protocol MergeRule {
    /// The merge of two tokens, nil when they stay apart.
    ///
    /// - Parameter places: which of the word's first tokens the two were made of.
    func merge(_ left: TokenID, _ right: TokenID, places: Range<Int>) -> Merge?
}

/// A merge: the lower the rank, the earlier it is done.
struct Merge {
    let rank: UInt32
    let token: TokenID
}

/// The tokens of one piece of text while they are merged.
struct Word {
    /// The tokens, before `merge` one per byte or character.
    var tokens: [TokenID] = []

    /// Up to this many tokens a search through all pairs for each merge is faster than a queue.
    private static let linearLimit = 24

    /// Merges of a long piece between two questions whether to go on.
    private static let mergesPerLook = 4096

    /// Merges until no pair is left that can be: always the lowest rank, of equal ones the leftmost. Stops when `goesOn` says no.
    mutating func merge(_ table: MergeTable, _ goesOn: () -> Bool = { true }) {
        if tokens.count <= Self.linearLimit {
            mergeBySearch(table)
        } else {
            merge(byQueue: table, goesOn)
        }
    }

    private mutating func mergeBySearch(_ table: MergeTable) {
        while tokens.count > 1 {
            var best: Merge?
            var place = 0
            for index in 0..<tokens.count - 1 {
                guard let merge = table.merge(tokens[index], tokens[index + 1]) else { continue }
                if merge.rank < best?.rank ?? .max {
                    best = merge
                    place = index
                }
            }
            guard let best else { return }
            tokens[place] = best.token
            tokens.remove(at: place + 1)
        }
    }

    /// The same by linked neighbours and a queue of pairs: O(n log n) time, whatever the text, and at most 36 bytes per token.
    mutating func merge(byQueue rule: some MergeRule, _ goesOn: () -> Bool = { true }) {
        guard !tokens.isEmpty else { return }
        let count = UInt32(tokens.count)
        /// Marks a token that was merged into the one before it.
        let gone = UInt32.max
        var next = Array(1...count)
        var previous = [0] + (0..<count - 1)
        var queue = MergeQueue(capacity: tokens.count)
        func merge(_ left: UInt32, _ right: UInt32) -> Merge? {
            rule.merge(tokens[Int(left)], tokens[Int(right)], places: Int(left)..<Int(next[Int(right)]))
        }
        for place in 0..<count - 1 {
            if let merge = merge(place, place + 1) { queue.push(rank: merge.rank, place: place) }
        }
        var looks = 0
        while let (rank, left) = queue.pop() {
            looks += 1
            if looks % Self.mergesPerLook == 0, !goesOn() { break }
            let right = next[Int(left)]
            // What the pair was made of may have been merged away since it was queued. Another pair of the same rank in the
            // same place would be the next to merge anyway.
            guard right < count, let done = merge(left, right), done.rank == rank else { continue }
            tokens[Int(left)] = done.token
            let following = next[Int(right)]
            next[Int(left)] = following
            next[Int(right)] = gone
            if following < count {
                previous[Int(following)] = left
                if let merge = merge(left, following) { queue.push(rank: merge.rank, place: left) }
            }
            let before = previous[Int(left)]
            if left > 0, let merge = merge(before, left) { queue.push(rank: merge.rank, place: before) }
        }
        var (kept, place) = (0, 0)
        while place < tokens.count {
            tokens[kept] = tokens[place]
            (kept, place) = (kept + 1, Int(next[place]))
        }
        tokens.removeLast(tokens.count - kept)
    }
}
