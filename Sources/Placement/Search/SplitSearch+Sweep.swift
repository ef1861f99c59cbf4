/// What chains are compared by: the objective first; of equals, the other regard.
struct PlacementValue: Comparable {
    /// What the objective minimizes, nanoseconds.
    let primary: Double
    let secondary: Double

    static func < (left: Self, right: Self) -> Bool {
        (left.primary, left.secondary) < (right.primary, right.secondary)
    }
}

extension PlacementObjective {
    /// The value of a chain with this sum and largest time, or a lower bound where those are.
    func value(sum: Double, largest: Double, energy: Double = 0, streams: Int) -> PlacementValue {
        switch self {
        case .latency: PlacementValue(primary: sum, secondary: 0)
        case .energy: PlacementValue(primary: energy, secondary: 0)
        case .throughput: PlacementValue(primary: largest, secondary: sum)
        case .balanced:
            PlacementValue(primary: sum + Self.weightOfLargest(streams: streams) * largest, secondary: sum)
        }
    }

    /// How much the largest time counts beside the sum. One stream waits for no other, but for its prompt, whose chunks pass the stages behind
    /// each other: about as many rows as it decodes, each for a quarter of what a decoded one takes.
    private static func weightOfLargest(streams: Int) -> Double {
        streams > 1 ? Double(streams - 1) : 1 / DeviceSpeed.rowsPerPass
    }
}

extension SplitSearch {
    /// Finds a chain that no other betters in the objective.
    ///
    /// A least sum under a bound on the largest time is all that a pass gives, and the objective weighs both. But the least sum falls as
    /// the bound rises, so that between two bounds no chain is better than the lower bound with the sum at the upper one: intervals
    /// where that is no gain are dropped, the others halved at a pass each. Times are whole nanoseconds, so that this ends.
    ///
    /// - Parameter effort: comparisons after which the best chain so far is taken.
    mutating func best(
        _ objective: PlacementObjective, streams: Int, required: (item: Int, count: Int)? = nil, effort: Int = .max
    ) -> Chain? {
        if objective == .energy { return leastEnergy(required: required, effort: effort) }
        guard var found = leastSum(bound: .infinity, required: required) else { return nil }
        func value(_ chain: Chain) -> PlacementValue {
            objective.value(sum: chain.sum, largest: chain.largest, streams: streams)
        }
        // Largest times within `low...high`, where no chain has a sum below `sum`.
        var intervals = [(low: 0.0, high: below(found.largest), sum: found.sum)]
        while passes < effort / effortOfPass, let (low, high, sum) = intervals.popLast() {
            guard low <= high, objective.value(sum: sum, largest: low, streams: streams) < value(found) else {
                continue
            }
            let middle = low + ((high - low) / 2).rounded(.down)
            intervals.append((max(middle + 1, middle.nextUp), high, sum))
            guard let chain = leastSum(bound: middle, required: required) else { continue }
            if value(chain) < value(found) { found = chain }
            // Along one order states do not tell whether the ends' devices are in the chain, so that these may be taken longer: then
            // nothing is known of what is below.
            guard chain.largest <= middle else { continue }
            intervals.append((low, below(chain.largest), chain.sum))
        }
        return found
    }

    /// The next time below; there are none between beyond 2^53 nanoseconds either.
    private func below(_ time: Double) -> Double { min(time - 1, time.nextDown) }
}
