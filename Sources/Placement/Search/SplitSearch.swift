/// The devices that hold layers, in the order of the layers, with what a step then costs.
struct Chain: Hashable {
    struct Segment: Hashable {
        /// An item of the space it was searched in.
        let item: Int
        let layers: Range<Int>
    }

    var segments: [Segment]
    /// All stages and hops of a step, nanoseconds.
    var sum: Double
    /// The longest time for which anything is taken by a step, nanoseconds.
    var largest: Double
    /// What all devices that hold something take in a step, picojoules; 0 where energy does not matter.
    var energy: Double
}

/// What a search sums up: a nanosecond of any stage or hop, and more for one of an item's work.
struct SearchRates {
    var everywhere: Double
    /// Of each item, for its stages: what counts everywhere included.
    var computing: [Double]

    /// Time itself.
    static func time(_ space: SearchSpace) -> SearchRates {
        SearchRates(everywhere: 1, computing: Array(repeating: 1, count: space.items.count))
    }

    /// Energy, where all devices together take so many milliwatts while they wait.
    static func energy(_ space: SearchSpace, idle: Double) -> SearchRates {
        SearchRates(everywhere: idle, computing: space.items.map { idle + $0.added })
    }
}

/// Finds the chain of least sum (by its rates, which are times by default) among those in which nothing is taken longer than a bound: dynamic programming over the states of a graph
/// and the layers covered so far.
///
/// `f[state][end] = min over start, state before of f[before][start] + hop + stage overhead + layers start..<end`. Since the time of a
/// run is a difference of two prefix sums, and memory and bound admit for each end the starts of a window that only moves on, the
/// minimum over the start is a sliding one, and a pass takes states × layers steps and as many for each state before.
struct SplitSearch {
    let space: SearchSpace
    let graph: SearchGraph
    /// Passes made so far.
    private(set) var passes = 0
    /// What counts.
    private var rates: SearchRates
    /// Whether an effort was used up before all that may be better was looked at.
    var gaveUp = false
    /// `[states, layers + 1]`
    private var best: [Double]
    private var entering: [Double]
    private var queue: [Int]
    /// As `lows` of the space, narrowed by the bound.
    private var lows: [Int]

    init(_ space: SearchSpace, _ graph: SearchGraph) {
        self.space = space
        self.graph = graph
        rates = .time(space)
        best = Array(repeating: .infinity, count: graph.count * (space.layerCount + 1))
        entering = Array(repeating: .infinity, count: space.layerCount + 1)
        queue = Array(repeating: 0, count: space.layerCount + 1)
        lows = Array(repeating: 0, count: space.items.count * (space.layerCount + 1))
    }

    /// States and layers that one pass looks at.
    var cells: Int { graph.count * (space.layerCount + 1) }

    /// Comparisons of a pass, about.
    var effortOfPass: Int { (graph.count + graph.predecessors.count) * (space.layerCount + 1) }

    /// - Parameters:
    ///   - bound: nothing may be taken longer, nanoseconds.
    ///   - required: an item of which at least so many devices must be used.
    /// - Returns: a chain of least sum; nil when there is none.
    mutating func leastSum(bound: Double, required: (item: Int, count: Int)? = nil) -> Chain? {
        leastSum(.time(space), bound: bound, required: required) { _ in true }
    }

    /// The same by other rates, of the chains that end in some of the states.
    mutating func leastSum(
        _ rates: SearchRates, bound: Double, required: (item: Int, count: Int)?, endingIn mayBeLast: (Int) -> Bool
    ) -> Chain? {
        passes += 1
        self.rates = rates
        guard space.baseLargest <= bound else { return nil }
        narrow(to: bound)
        for state in 0..<graph.count { advance(state, bound: bound) }
        var last: (state: Int, sum: Double)?
        for state in 0..<graph.count {
            let sum = sum(endingIn: state)
            if sum < last?.sum ?? .infinity, mayBeLast(state), mayEnd(state, bound, required) { last = (state, sum) }
        }
        return last.map { chain(endingIn: $0.state, bound: bound) }
    }

    /// What the pass before summed up for the best chain that ends in a state, without what all chains have; infinite where there is none.
    func sum(endingIn state: Int) -> Double {
        best[state * width + space.layerCount] + departure(graph.items[state])
    }

    /// From the embedding to an item. One that holds it has a stage less.
    private func arrival(_ item: Int) -> Double {
        space.arrivals[item] * (space.items[item].holdsEmbedding ? rates.computing[item] : rates.everywhere)
    }

    private func departure(_ item: Int) -> Double {
        space.departures[item] * (space.items[item].holdsHead ? rates.computing[item] : rates.everywhere)
    }

    /// A stage of so many nanoseconds for its layers.
    private func work(_ item: Int, _ time: Double) -> Double { (time + space.stage) * rates.computing[item] }

    private var width: Int { space.layerCount + 1 }

    private func mayEnd(_ state: Int, _ bound: Double, _ required: (item: Int, count: Int)?) -> Bool {
        let item = graph.items[state]
        if space.departureTransfers[item] > bound { return false }
        guard !graph.used.isEmpty else { return true }
        let used = graph.used[state * space.items.count..<(state + 1) * space.items.count]
        if let required, Int(used[used.startIndex + required.item]) < required.count { return false }
        var holdsEmbedding = false
        var holdsHead = false
        for (item, count) in zip(space.items, used) where count > 0 {
            holdsEmbedding = holdsEmbedding || item.holdsEmbedding
            holdsHead = holdsHead || item.holdsHead
        }
        return space.outside(chainHoldsEmbedding: holdsEmbedding, chainHoldsHead: holdsHead) <= bound
    }

    /// Narrows the windows so that no run that neither begins nor ends the model takes longer than the bound.
    private mutating func narrow(to bound: Double) {
        for (index, item) in space.items.enumerated() {
            let room = bound - space.overhead(index, first: false, last: false)
            var low = 0
            for end in 1..<width {
                low = max(low, Int(space.lows[index * width + end]))
                while low < end && item.elapsed[end] - item.elapsed[low] > room { low += 1 }
                lows[index * width + end] = low
            }
        }
    }

    /// Fills in one state.
    private mutating func advance(_ state: Int, bound: Double) {
        let item = graph.items[state]
        let layers = space.layerCount
        let row = state * width
        let window = item * width
        let rate = rates.computing[item]
        let elapsed = space.items[item].elapsed
        for end in 0..<width { best[row + end] = .infinity }
        for start in 0..<width { entering[start] = .infinity }
        for index in graph.starts[state]..<graph.starts[state + 1] {
            let before = Int(graph.predecessors[index])
            guard space.transfer(graph.items[before], item) <= bound else { continue }
            let hop = space.hop(graph.items[before], item) * rates.everywhere
            let from = before * width
            for start in 1..<max(1, layers) { entering[start] = min(entering[start], best[from + start] + hop) }
        }
        if graph.isFirst[state], space.arrivalTransfers[item] <= bound { begin(state, bound: bound) }

        let latest = Int(space.latestStart[item])
        if space.items[item].usesDisk { extend(state, latest: latest, bound: bound) }
        var head = 0
        var tail = 0
        for end in 2..<max(2, layers) where !space.items[item].usesDisk {
            let start = end - 1
            if start <= latest, entering[start] < .infinity {
                let key = entering[start] - elapsed[start] * rate
                while tail > head, entering[queue[tail - 1]] - elapsed[queue[tail - 1]] * rate >= key { tail -= 1 }
                queue[tail] = start
                tail += 1
            }
            while head < tail, queue[head] < lows[window + end] { head += 1 }
            guard head < tail, space.mayEnd[window + end] else { continue }
            let start2 = queue[head]
            let value = entering[start2] + work(item, elapsed[end] - elapsed[start2])
            if value < best[row + end] { best[row + end] = value }
        }
        // The run that ends the model may be one stage with the head, so that its window is another.
        guard space.mayEnd[window + layers] else { return }
        for start in max(1, Int(space.lows[window + layers]))..<max(1, latest + 1, Int(space.lows[window + layers])) {
            guard entering[start] < .infinity, space.occupancy(item, start..<layers) <= bound else { continue }
            let value = entering[start] + work(item, space.time(item, start..<layers))
            if value < best[row + layers] { best[row + layers] = value }
        }
    }

    /// Runs between the first and the last layer whose time is no difference of prefix sums, since how much of their experts stays on disk
    /// depends on the run: every start of every end.
    private mutating func extend(_ state: Int, latest: Int, bound: Double) {
        let item = graph.items[state]
        for end in 2..<max(2, space.layerCount) where space.mayEnd[item * width + end] {
            for start in max(1, lows[item * width + end])..<max(1, lows[item * width + end], min(latest + 1, end))
            where entering[start] < .infinity && space.occupancy(item, start..<end) <= bound {
                let value = entering[start] + work(item, space.time(item, start..<end))
                if value < best[state * width + end] { best[state * width + end] = value }
            }
        }
    }

    /// Runs from the first layer on.
    private mutating func begin(_ state: Int, bound: Double) {
        let item = graph.items[state]
        for end in 1..<width where space.allows(item, 0..<end) && space.occupancy(item, 0..<end) <= bound {
            best[state * width + end] = arrival(item) + work(item, space.time(item, 0..<end))
        }
    }

    /// Walks back from the end of the model.
    private func chain(endingIn last: Int, bound: Double) -> Chain {
        var segments: [Chain.Segment] = []
        var state = last
        var end = space.layerCount
        while end > 0 {
            let item = graph.items[state]
            var found: (start: Int, state: Int, value: Double)?
            if graph.isFirst[state], space.arrivalTransfers[item] <= bound, space.allows(item, 0..<end),
                space.occupancy(item, 0..<end) <= bound
            {
                found = (0, -1, arrival(item) + work(item, space.time(item, 0..<end)))
            }
            for start in 1..<max(1, end) where space.allows(item, start..<end) {
                guard space.occupancy(item, start..<end) <= bound else { continue }
                for index in graph.starts[state]..<graph.starts[state + 1] {
                    let before = Int(graph.predecessors[index])
                    guard space.transfer(graph.items[before], item) <= bound else { continue }
                    let value =
                        best[before * width + start] + space.hop(graph.items[before], item) * rates.everywhere
                        + work(item, space.time(item, start..<end))
                    if value < found?.value ?? .infinity { found = (start, before, value) }
                }
            }
            guard let found else { preconditionFailure("a state of \(best[state * width + end]) ns came from none") }
            segments.append(Chain.Segment(item: item, layers: found.start..<end))
            (state, end) = (found.state, found.start)
        }
        return space.chain(segments.reversed())
    }
}

extension SearchSpace {
    /// What a step costs on a chain.
    func chain(_ segments: [Chain.Segment]) -> Chain {
        var sum = base
        var largest = max(
            baseLargest,
            outside(
                chainHoldsEmbedding: segments.contains { items[$0.item].holdsEmbedding },
                chainHoldsHead: segments.contains { items[$0.item].holdsHead }))
        for (index, segment) in segments.enumerated() {
            sum += stage + time(segment.item, segment.layers)
            largest = max(largest, occupancy(segment.item, segment.layers))
            if index == 0 {
                sum += arrivals[segment.item]
                largest = max(largest, arrivalTransfers[segment.item])
            } else {
                sum += hop(segments[index - 1].item, segment.item)
                largest = max(largest, transfer(segments[index - 1].item, segment.item))
            }
        }
        if let last = segments.last {
            sum += departures[last.item]
            largest = max(largest, departureTransfers[last.item])
        }
        return Chain(segments: segments, sum: sum, largest: largest, energy: energy(segments, sum: sum))
    }
}
