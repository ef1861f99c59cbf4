extension PlacementProblem {
    /// States and layers that an exact search looks at in a pass, at most: some ten milliseconds. That is eleven devices of which no two are equal
    /// with 80 layers, twelve with 40; of equal ones hundreds.
    static let largestSearch = 1 << 21

    /// How many devices may hold layers.
    var mostDevices: Int { min(request.preferences.maximumDevices ?? .max, layerCount, candidates.count) }

    /// Whether a search over these groups is small enough.
    func isSearchable(_ groups: [[Int]]) -> Bool {
        SearchGraph.states(counts: groups.map(\.count), most: mostDevices) * Double(layerCount + 1)
            <= Double(Self.largestSearch)
    }

    /// Joins the groups that differ the least until the search is small enough.
    func coarsened(_ classes: [[Int]]) -> [[Int]] {
        var groups = classes
        while !isSearchable(groups) {
            var closest: (first: Int, second: Int, difference: Double)?
            for first in groups.indices where !isSingular(groups[first][0]) {
                for second in groups.indices where second > first && !isSingular(groups[second][0]) {
                    let difference = difference(groups[first][0], groups[second][0])
                    if difference < closest?.difference ?? .infinity { closest = (first, second, difference) }
                }
            }
            guard let closest else { return groups }
            groups[closest.first] = (groups[closest.first] + groups[closest.second]).sorted()
            groups.remove(at: closest.second)
        }
        return groups
    }

    /// By how much two devices differ: the largest of the ratios of their speeds, memories and links to the coordinator, less one.
    private func difference(_ one: Int, _ other: Int) -> Double {
        func ratio(_ first: Double, _ second: Double) -> Double {
            min(first, second) > 0 ? max(first, second) / min(first, second) - 1 : (first == second ? 0 : 1e9)
        }
        let step = StepShape.decoding(streams: 1, history: costs.history)
        func time(_ device: Int) -> Double { costs.layer(0, CostModel.speed(request.devices[device]), step) }
        func hop(_ device: Int) -> Double {
            coordinatorLink(device).map { link in
                costs.hop(transfer: costs.transfer(rows: 1, costs.codec(for: link), link), link)
            } ?? 0
        }
        return max(
            ratio(time(one), time(other)), ratio(Double(max(0, rooms[one])), Double(max(0, rooms[other]))),
            ratio(hop(one), hop(other)))
    }
}
