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
