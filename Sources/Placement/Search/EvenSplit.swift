extension PlacementProblem {
    /// Moves the borders of a solution to where memory is used most evenly, as far as the objective's value does not rise.
    ///
    /// Among the splits over the same devices in the same order it is the one with the least sum of load² / room, which is smallest
    /// when every load is the same fraction of its room (Cauchy-Schwarz). Found exactly, by dynamic programming over
    /// (devices, layers covered) with pairs of time and evenness in lexicographic order.
    func evened(_ solution: Solution) -> Solution {
        let devices = solution.segments.map(\.device)
        let space = SearchSpace(self, groups: devices.map { [$0] })
        let bound = bound(solution)
        let rates = rates(of: devices.count, in: space)
        let width = layerCount + 1
        var best = [(time: Double, load: Double)](
            repeating: (.infinity, .infinity), count: (devices.count + 1) * width)
        var from = [Int](repeating: 0, count: best.count)
        best[0] = (0, 0)
        for item in devices.indices {
            for end in 1...layerCount {
                for start in 0..<end where best[item * width + start].time < .infinity {
                    guard space.allows(item, start..<end), space.occupancy(item, start..<end) <= bound
                    else { continue }
                    let before = best[item * width + start]
                    let load = Double(load(start..<end))
                    let value = (
                        time: before.time + space.time(item, start..<end) * rates.computing[item],
                        load: before.load + (load == 0 ? 0 : load * load / Double(max(1, rooms[devices[item]])))
                    )
                    if value < best[(item + 1) * width + end] {
                        best[(item + 1) * width + end] = value
                        from[(item + 1) * width + end] = start
                    }
                }
            }
        }
        var segments: [Chain.Segment] = []
        var end = layerCount
        for item in devices.indices.reversed() {
            // The solution itself is one of the splits.
            let start = from[(item + 1) * width + end]
            segments.append(Chain.Segment(item: item, layers: start..<end))
            end = start
        }
        let chain = space.chain(segments.reversed())
        return Solution(
            segments: chain.segments.map { (devices[$0.item], $0.layers) }, sum: chain.sum, largest: chain.largest,
            energy: chain.energy, report: solution.report)
    }

    /// What counts where all these devices are used.
    private func rates(of count: Int, in space: SearchSpace) -> SearchRates {
        request.preferences.objective == .energy
            ? .energy(space, idle: space.idle(using: Array(repeating: 1, count: count))) : .time(space)
    }
}
