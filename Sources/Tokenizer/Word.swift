/// The tokens of one piece of text while they are merged.
struct Word {
    /// The tokens, before `merge` one per byte.
    var tokens: [TokenID] = []

    /// Up to this many tokens a search through all pairs for each merge is faster than a queue.
    private static let linearLimit = 24

    /// Merges until no pair is left that can be: always the lowest rank, of equal ones the leftmost.
    mutating func merge(_ table: MergeTable) {
        if tokens.count <= Self.linearLimit {
            mergeBySearch(table)
        } else {
            mergeByQueue(table)
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

    /// Linked neighbours and a queue of pairs: O(n log n), whatever the text.
    private mutating func mergeByQueue(_ table: MergeTable) {
        let count = tokens.count
        var next = Array(1...count)
        var previous = Array(-1..<count - 1)
        var isAlive = [Bool](repeating: true, count: count)
        var queue = MergeQueue()
        func candidate(_ left: Int, _ right: Int) -> MergeQueue.Candidate? {
            table.merge(tokens[left], tokens[right]).map {
                MergeQueue.Candidate(
                    rank: $0.rank, place: left, left: tokens[left], right: tokens[right], token: $0.token)
            }
        }
        for index in 0..<count - 1 {
            if let pair = candidate(index, index + 1) { queue.push(pair) }
        }
        while let pair = queue.pop() {
            let left = pair.place
            let right = next[left]
            // What the pair was made of may have been merged away since it was queued.
            guard isAlive[left], right < count, tokens[left] == pair.left, tokens[right] == pair.right else { continue }
            tokens[left] = pair.token
            isAlive[right] = false
            next[left] = next[right]
            if next[left] < count {
                previous[next[left]] = left
                if let pair = candidate(left, next[left]) { queue.push(pair) }
            }
            if previous[left] >= 0, let pair = candidate(previous[left], left) { queue.push(pair) }
        }
        tokens = tokens.indices.filter { isAlive[$0] }.map { tokens[$0] }
    }
}

/// Pairs that can be merged, lowest rank and then leftmost first: a binary heap.
struct MergeQueue {
    /// A pair of neighbours and what they become.
    struct Candidate {
        let rank: UInt32
        let place: Int
        let left: TokenID
        let right: TokenID
        let token: TokenID

        func isBefore(_ other: Candidate) -> Bool { (rank, place) < (other.rank, other.place) }
    }

    private var heap: [Candidate] = []

    mutating func push(_ candidate: Candidate) {
        var index = heap.count
        heap.append(candidate)
        while index > 0 {
            let parent = (index - 1) / 2
            guard candidate.isBefore(heap[parent]) else { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = candidate
    }

    mutating func pop() -> Candidate? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            guard heap[child].isBefore(last) else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = last
        return first
    }
}
