/// Energy of chains. Power is in whole milliwatts and time in whole nanoseconds, so that picojoules are exact.
extension SearchSpace {
    /// What the devices of embedding and head, and so many of each item, take together while they wait, milliwatts.
    func idle(using counts: [Int32]) -> Double {
        zip(items, counts).reduce(idleOfEnds) { sum, used in
            // These are counted.
            used.0.holdsEmbedding || used.0.holdsHead ? sum : sum + used.0.idle * Double(used.1)
        }
    }

    /// What all devices that hold something take in a step of so many nanoseconds, picojoules.
    func energy(_ segments: [Chain.Segment], sum: Double) -> Double {
        var counts = [Int32](repeating: 0, count: items.count)
        for segment in segments { counts[segment.item] += 1 }
        var energy = idle(using: counts) * sum + addedOfEnds
        for (index, segment) in segments.enumerated() {
            let item = items[segment.item]
            var time = self.time(segment.item, segment.layers) + stage
            // One stage with the embedding, or with the head.
            if index == 0, item.holdsEmbedding { time -= stage }
            if index == segments.count - 1, item.holdsHead { time -= stage }
            energy += item.added * time
        }
        return energy
    }
}

extension SplitSearch {
    /// Passes after which the best chain so far is taken.
    private static let mostPasses = 256

    /// Finds a chain that takes the least energy.
    ///
    /// While which devices are used is given, so is the power that they take while they wait, and energy is a sum along the chain: one pass with
    /// that power finds the least. Let `f(p)` be what a pass with power `p` finds for a set of devices, whose own power is `P`; `f(P)` is wanted.
    /// `f` is the least of straight lines that rise by the chain's time, so it is concave, and bounds itself elsewhere: `f(P) >= f(p) + (P - p) *
    /// least time` where `p <= P`, and `f(P) >= f(p) * P / p` where `p > P`. So a pass for one set says something of all others, and sets that
    /// cannot be better any more need none.
    mutating func leastEnergy(required: (item: Int, count: Int)?, effort: Int) -> Chain? {
        if graph.used.isEmpty { return leastEnergyAlongOrder(effort: effort) }
        guard leastSum(bound: .infinity, required: required) != nil else { return nil }
        var sets = deviceSets(required: required)
        var found: Chain?
        while let next = sets.indices.filter({ !sets[$0].isDone }).min(by: { sets[$0].bound < sets[$1].bound }),
            sets[next].bound < found?.energy ?? .infinity
        {
            if passes >= Self.mostPasses {
                gaveUp = true
                break
            }
            let power = sets[next].idle
            let states = Set(sets[next].states)
            let chain = leastSum(.energy(space, idle: power), bound: .infinity, required: required) {
                states.contains($0)
            }
            sets[next].isDone = true
            if let chain, chain.energy < found?.energy ?? .infinity { found = chain }
            for index in sets.indices where !sets[index].isDone {
                sets[index].learn(least(in: sets[index].states) + constant(power), at: power)
            }
        }
        return found
    }

    /// The chains that use the same devices.
    private struct DeviceSet {
        /// States that they may end in.
        let states: [Int]
        /// Milliwatts.
        let idle: Double
        /// Of a step, nanoseconds.
        let leastTime: Double
        /// No chain takes less, picojoules.
        var bound: Double
        var isDone = false

        /// Takes what a pass with another power found.
        mutating func learn(_ energy: Double, at power: Double) {
            let least = power <= idle ? energy + (idle - power) * leastTime : energy * (idle / power)
            // Less what rounding may have added.
            bound = max(bound, least * (1 - 1e-9))
        }
    }

    /// After a pass that summed up times.
    private func deviceSets(required: (item: Int, count: Int)?) -> [DeviceSet] {
        let width = space.items.count
        var order: [[Int32]] = []
        var states: [[Int32]: [Int]] = [:]
        for state in 0..<graph.count {
            let used = Array(graph.used[state * width..<(state + 1) * width])
            if let required, Int(used[required.item]) < required.count { continue }
            if states[used] == nil { order.append(used) }
            states[used, default: []].append(state)
        }
        return order.compactMap { used in
            let states = states[used] ?? []
            let time = least(in: states) + space.base
            guard time < .infinity else { return nil }
            let idle = space.idle(using: used)
            return DeviceSet(states: states, idle: idle, leastTime: time, bound: idle * time + space.addedOfEnds)
        }
    }

    /// What all chains have, with such a power.
    private func constant(_ power: Double) -> Double { space.base * power + space.addedOfEnds }

    private func least(in states: [Int]) -> Double { states.reduce(.infinity) { min($0, sum(endingIn: $1)) } }

    /// Along one order states do not tell which devices are used: passes with the power of those that the pass before used, from that of all on,
    /// as long as they find better ones. Not exact.
    private mutating func leastEnergyAlongOrder(effort: Int) -> Chain? {
        var found: Chain?
        for start in [Int32(1), 0] {
            var power = space.idle(using: Array(repeating: start, count: space.items.count))
            while passes < max(2, effort / effortOfPass) {
                guard
                    let chain = leastSum(
                        .energy(space, idle: power), bound: .infinity, required: nil, endingIn: { _ in true })
                else { return found }
                let isBetter = chain.energy < found?.energy ?? .infinity
                if isBetter { found = chain }
                var counts = [Int32](repeating: 0, count: space.items.count)
                for segment in chain.segments { counts[segment.item] += 1 }
                let used = space.idle(using: counts)
                if !isBetter || used == power { break }
                power = used
            }
        }
        return found
    }
}
