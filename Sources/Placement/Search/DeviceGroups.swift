extension PlacementProblem {
    /// States and layers that an exact search looks at in a pass, at most: some ten milliseconds. That is eleven devices of which no two are equal
    /// with 80 layers, twelve with 40; of equal ones hundreds.
    static let largestSearch = 1 << 21

    /// How many devices may hold layers.
    var mostDevices: Int { min(request.preferences.maximumDevices ?? .max, layerCount, candidates.count) }

    /// Whether a search over these groups is small enough. Where experts may stay on disk each state looks at all runs, not at one for each end.
    func isSearchable(_ groups: [[Int]]) -> Bool {
        let runs = experts(0..<layerCount) > 0 ? max(1, Double(layerCount) / 8) : 1
        return SearchGraph.states(counts: groups.map(\.count), most: mostDevices) * Double(layerCount + 1) * runs
            <= Double(Self.largestSearch)
    }

    /// Joins the groups that differ the least until the search is small enough.
    func coarsened(_ classes: [[Int]]) -> [[Int]] {
        var groups = classes
        let regards = request.devices.indices.map { Regards(self, $0) }
        let singular = Set(request.devices.indices.filter { isSingular($0) })
        while !isSearchable(groups) {
            var closest: (first: Int, second: Int, difference: Double)?
            for first in groups.indices where !singular.contains(groups[first][0]) {
                for second in (first + 1)..<groups.count where !singular.contains(groups[second][0]) {
                    let difference = regards[groups[first][0]].difference(from: regards[groups[second][0]])
                    if difference < closest?.difference ?? .infinity { closest = (first, second, difference) }
                }
            }
            guard let closest else { return groups }
            groups[closest.first] = (groups[closest.first] + groups[closest.second]).sorted()
            groups.remove(at: closest.second)
        }
        return groups
    }

    /// What devices are told apart by.
    private struct Regards {
        /// Of a layer, and to the coordinator, seconds.
        let time: Double
        let hop: Double
        /// Bytes for layers.
        let room: Double
        let disk: Double
        let diskSpeed: Double
        /// Milliwatts; 1 where that does not matter.
        let idle: Double
        let busy: Double

        init(_ problem: PlacementProblem, _ device: Int) {
            let costs = problem.costs
            let step = StepShape.decoding(streams: 1, history: costs.history)
            time = costs.layer(0, CostModel.speed(problem.request.devices[device]), step)
            hop =
                problem.coordinatorLink(device).map { link in
                    costs.hop(transfer: costs.transfer(rows: 1, costs.codec(for: link), link), link)
                } ?? 0
            room = Double(max(0, problem.rooms[device]))
            disk = Double(max(0, problem.disks[device]))
            diskSpeed =
                problem.experts(0..<problem.layerCount) > 0
                ? CostModel.speed(problem.request.devices[device]).diskBytesPerSecond ?? DeviceSpeed.nominalDisk : 1
            let power = problem.power(device)
            idle = power.map { max(1, $0.idleMilliwatts) } ?? 1
            busy = power.map { max(1, $0.idleMilliwatts + $0.addedMilliwatts) } ?? 1
        }

        /// By how much two devices differ: the largest of the ratios, less one.
        func difference(from other: Regards) -> Double {
            max(
                Self.ratio(time, other.time), Self.ratio(room, other.room), Self.ratio(disk, other.disk),
                Self.ratio(hop, other.hop), Self.ratio(diskSpeed, other.diskSpeed), Self.ratio(idle, other.idle),
                Self.ratio(busy, other.busy))
        }

        private static func ratio(_ first: Double, _ second: Double) -> Double {
            min(first, second) > 0 ? max(first, second) / min(first, second) - 1 : (first == second ? 0 : 1e9)
        }
    }
}
