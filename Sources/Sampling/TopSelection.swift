/// A token with its logit.
struct Candidate: Sendable, Hashable {
    let token: UInt32
    let logit: Float

    /// Whether this one is less likely; of two equal logits the higher id counts as less likely, so that the order is total.
    @inline(__always)
    func isWorse(than other: Candidate) -> Bool {
        logit < other.logit || (logit == other.logit && token > other.token)
    }
}

/// The largest logits, found with a heap of `count` entries in one pass; keeps its memory between uses.
struct TopSelection: Sendable {
    /// The selected candidates, most likely first.
    private(set) var candidates: [Candidate] = []

    /// Selects the `count` largest of logits without NaN.
    mutating func select(_ count: Int, from logits: UnsafeBufferPointer<Float>) {
        let count = min(count, logits.count)
        candidates.removeAll(keepingCapacity: true)
        guard count > 0 else { return }
        candidates.reserveCapacity(count)
        for token in 0..<count { candidates.append(Candidate(token: UInt32(token), logit: logits[token])) }
        if count < logits.count {
            candidates.withUnsafeMutableBufferPointer { heap in
                for root in stride(from: count / 2 - 1, through: 0, by: -1) { Self.siftDown(heap, from: root) }
                var floor = heap[0].logit
                // Ids rise, so an equal logit is always worse than what the heap has.
                for token in count..<logits.count where logits[token] > floor {
                    heap[0] = Candidate(token: UInt32(token), logit: logits[token])
                    Self.siftDown(heap, from: 0)
                    floor = heap[0].logit
                }
            }
        }
        candidates.sort { $1.isWorse(than: $0) }
    }

    /// Restores the heap (the worst at the root) below one node.
    private static func siftDown(_ heap: UnsafeMutableBufferPointer<Candidate>, from root: Int) {
        var node = root
        let moved = heap[root]
        while true {
            var child = 2 * node + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count && heap[child + 1].isWorse(than: heap[child]) { child += 1 }
            guard heap[child].isWorse(than: moved) else { break }
            heap[node] = heap[child]
            node = child
        }
        heap[node] = moved
    }
}
