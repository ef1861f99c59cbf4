/// In which orders items may follow one another in a chain. A state is a set of items already used with the last of them; states come
/// after all that they can follow.
struct SearchGraph {
    /// The last item of each state.
    private(set) var items: [Int] = []
    /// Whether a chain may begin with the state.
    private(set) var isFirst: [Bool] = []
    /// The states that each may follow: `predecessors[starts[state]..<starts[state + 1]]`.
    private(set) var predecessors: [Int32] = []
    private(set) var starts: [Int] = [0]
    /// How many devices of each item a state has used, `[states, items]`; empty where a state does not tell.
    private(set) var used: [Int32] = []

    var count: Int { items.count }

    /// All orders of all subsets: of each item at most so many devices as it has, in all at most `most`.
    init(counts: [Int], most: Int) {
        struct Node {
            var used: [Int32]
            var states: [Int32]
        }
        var level = [Node(used: Array(repeating: 0, count: counts.count), states: [])]
        for size in 0..<min(most, counts.reduce(0, +)) {
            var next: [Node] = []
            var places: [[Int32]: Int] = [:]
            for node in level {
                for item in counts.indices where Int(node.used[item]) < counts[item] {
                    var used = node.used
                    used[item] += 1
                    let place = places[used] ?? next.count
                    if place == next.count {
                        places[used] = place
                        next.append(Node(used: used, states: []))
                    }
                    next[place].states.append(Int32(count))
                    add(item, isFirst: size == 0, after: node.states, used: used)
                }
            }
            level = next
        }
    }

    /// One order, of which any may be left out, and at most `most` are taken.
    init(orderOf itemCount: Int, most: Int) {
        let limited = most < itemCount
        var before: [Int32] = []
        for taken in 1...(limited ? most : 1) {
            let first = count
            for item in 0..<itemCount {
                let after = limited ? before.prefix(item) : (0..<item).map { Int32($0) }[...]
                add(item, isFirst: taken == 1, after: Array(after), used: [])
            }
            before = (first..<count).map { Int32($0) }
        }
    }

    /// How many states all orders of all subsets have, as a floating-point number since that may be astronomical.
    static func states(counts: [Int], most: Int) -> Double {
        // ways[n]: sets of n devices, where equal ones are not told apart.
        var ways = [1.0]
        for count in counts {
            var next = [Double](repeating: 0, count: min(most, ways.count - 1 + count) + 1)
            for (size, sets) in ways.enumerated() {
                for more in 0...count where size + more < next.count { next[size + more] += sets }
            }
            ways = next
        }
        return ways.reduce(0, +) * Double(counts.count)
    }

    private mutating func add(_ item: Int, isFirst first: Bool, after: [Int32], used counts: [Int32]) {
        items.append(item)
        isFirst.append(first)
        predecessors += after
        starts.append(predecessors.count)
        used += counts
    }
}
