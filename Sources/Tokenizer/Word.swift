/// The tokens of one piece of text while they are merged.
struct Word {
    /// The tokens, before `merge` one per byte.
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
            mergeByQueue(table, goesOn)
        }
    }

    private mutating func mergeBySearch(_ table: MergeTable) {
        while tokens.count > 1 {
            var best: MergeTable.Merge?
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

    /// Linked neighbours and a queue of pairs: O(n log n) time, whatever the text, and at most 36 bytes per token.
    private mutating func mergeByQueue(_ table: MergeTable, _ goesOn: () -> Bool) {
        let count = UInt32(tokens.count)
        /// Marks a token that was merged into the one before it.
        let gone = UInt32.max
        var next = Array(1...count)
        var previous = [0] + (0..<count - 1)
        var queue = MergeQueue(capacity: tokens.count)
        func merge(_ left: UInt32, _ right: UInt32) -> MergeTable.Merge? {
            table.merge(tokens[Int(left)], tokens[Int(right)])
        }
        for place in 0..<count - 1 {
            if let merge = merge(place, place + 1) { queue.push(rank: merge.rank, place: place) }
        }
        var looks = 0
        while let (rank, left) = queue.pop() {
            looks += 1
            if looks % Self.mergesPerLook == 0, !goesOn() { break }
            let right = next[Int(left)]
            // What the pair was made of may have been merged away since it was queued; a rank is of one pair alone.
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

/// Pairs that can be merged, lowest rank and then leftmost first: a binary heap.
struct MergeQueue {
    /// The rank in the upper half, the place of the left one in the lower.
    private var heap: [UInt64] = []

    init(capacity: Int) { heap.reserveCapacity(capacity) }

    mutating func push(rank: UInt32, place: UInt32) {
        let pair = UInt64(rank) << 32 | UInt64(place)
        var index = heap.count
        heap.append(pair)
        while index > 0 {
            let parent = (index - 1) / 2
            guard pair < heap[parent] else { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = pair
    }

    mutating func pop() -> (rank: UInt32, place: UInt32)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        defer { if !heap.isEmpty { sink(last) } }
        return (UInt32(truncatingIfNeeded: first >> 32), UInt32(truncatingIfNeeded: first))
    }

    /// Puts a pair in the place of the first.
    private mutating func sink(_ pair: UInt64) {
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < pair else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = pair
    }
}
