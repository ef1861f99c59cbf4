extension PlacementProblem {
    /// A run of layers on one candidate.
    struct Segment {
        let candidate: Int
        let layers: Range<Int>
    }

    /// Splits the layers over the candidates so that none exceeds its room.
    ///
    /// Of all splits that fit it is the one with the least sum of load² / room, which is smallest when every load is the same
    /// fraction of its room (Cauchy-Schwarz): the split nearest to proportional. Found exactly, by dynamic programming over
    /// (free candidates asked so far, layers covered so far). Equal sums go to the one found first, so the result is always the same.
    /// - Parameter extendingPins: whether a pinned device may hold layers beside its pinned ones.
    /// - Returns: the segments in order of layers; nil when no split fits.
    func split(extendingPins: Bool) -> [Segment]? {
        let width = layerCount + 1
        var best = [Double](repeating: .infinity, count: (free.count + 1) * width)
        var from = [Step?](repeating: nil, count: best.count)
        best[0] = 0

        func offer(_ state: Int, _ cost: Double, _ step: Step) {
            if cost < best[state] {
                best[state] = cost
                from[state] = step
            }
        }

        for start in 0...layerCount {
            let next = blocks.firstIndex { $0.layers.lowerBound >= start }
            let freeLimit = next.map { blocks[$0].layers.lowerBound } ?? layerCount
            for asked in 0...free.count {
                let state = asked * width + start
                let cost = best[state]
                guard cost < .infinity else { continue }
                if asked < free.count {
                    let candidate = free[asked]
                    for end in start...freeLimit {
                        guard let added = self.cost(start..<end, on: candidate) else { break }
                        offer(
                            (asked + 1) * width + end, cost + added,
                            Step(previous: state, candidate: candidate, start: start))
                    }
                }
                if let next, extendingPins || blocks[next].layers.lowerBound == start {
                    let block = blocks[next]
                    let following = next + 1 < blocks.count ? blocks[next + 1].layers.lowerBound : layerCount
                    let limit = extendingPins ? following : block.layers.upperBound
                    for end in block.layers.upperBound...limit {
                        guard let added = self.cost(start..<end, on: block.candidate) else { break }
                        offer(
                            asked * width + end, cost + added,
                            Step(previous: state, candidate: block.candidate, start: start))
                    }
                }
            }
        }
        return walk(from, width: width)
    }

    private struct Step {
        let previous: Int
        let candidate: Int
        let start: Int
    }

    private func walk(_ from: [Step?], width: Int) -> [Segment]? {
        var segments: [Segment] = []
        var state = free.count * width + layerCount
        while state != 0 {
            guard let step = from[state] else { return nil }
            let layers = step.start..<(state % width)
            if !layers.isEmpty { segments.append(Segment(candidate: step.candidate, layers: layers)) }
            state = step.previous
        }
        return segments.reversed()
    }

    /// What it costs to hold the layers; nil when they do not fit (more layers then fit neither).
    private func cost(_ layers: Range<Int>, on candidate: Int) -> Double? {
        if layers.isEmpty { return 0 }
        let load = load(layers)
        let room = candidates[candidate].room
        guard room >= load else { return nil }
        return load == 0 ? 0 : Double(load) * Double(load) / Double(room)
    }
}
