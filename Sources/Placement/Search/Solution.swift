/// How a placement was searched.
package struct SearchReport: Sendable, Hashable, Codable {
    /// Groups of devices that were planned as equals.
    package internal(set) var groups: Int
    /// Whether no other placement can be better. Else devices that differ a little were planned as equals, each as slow and small as
    /// the worst of them, and the layers then split exactly over the chains so found.
    package internal(set) var isExact: Bool
    /// Passes of the dynamic programme, and pairs of state and layer that they looked at in all.
    package internal(set) var passes: Int
    package internal(set) var cells: Int
}

/// Which device holds which layers, and what a step then costs.
struct Solution {
    /// Indices of the request's devices with their layers, in the layers' order.
    var segments: [(device: Int, layers: Range<Int>)]
    /// As of `Chain`, nanoseconds.
    var sum: Double
    var largest: Double
    var energy: Double
    var report: SearchReport

    /// What the objective makes of it.
    func value(_ request: PlacementRequest) -> PlacementValue {
        request.preferences.objective.value(sum: sum, largest: largest, energy: energy, streams: request.streams)
    }
}

extension PlacementProblem {
    /// Whether the layers fit at all.
    var fits: Bool {
        if overloadedEnd != nil || candidates.isEmpty { return false }
        let classes = classes
        if isSearchable(classes) {
            var search = makeSearch(classes)
            return search.leastSum(bound: .infinity) != nil
        }
        if alongOrder(listedOrder, bound: .infinity) != nil { return true }
        let groups = coarsened(classes)
        guard isSearchable(groups) else { return false }
        var search = makeSearch(groups)
        return search.leastSum(bound: .infinity) != nil
    }

    /// The best placement; nil when none fits.
    ///
    /// - Parameter required: a device that shall hold layers, beside the others of its class that `beside` holds.
    func solve(requiring required: Int? = nil, beside: Solution? = nil) -> Solution? {
        if overloadedEnd != nil || candidates.isEmpty { return nil }
        let classes = classes
        let isExact = isSearchable(classes)
        let groups = isExact ? classes : coarsened(classes)
        var report = SearchReport(groups: groups.count, isExact: isExact, passes: 0, cells: 0)
        var requirement: (item: Int, count: Int)?
        if let required, let item = groups.firstIndex(where: { $0.contains(required) }) {
            let used = beside?.segments.count { groups[item].contains($0.device) } ?? 0
            requirement = (item, used + 1)
        }
        var solutions: [Solution] = []
        if isSearchable(groups) {
            var search = makeSearch(groups)
            let chain = search.best(
                request.preferences.objective, streams: request.streams, required: requirement)
            report.add(search)
            if let chain { solutions.append(named(chain, groups, report)) }
        }
        if !isExact, required == nil {
            // The chain that was found, with every device as it is; and the devices as they were listed.
            for order in [solutions.first?.segments.map(\.device), listedOrder].compactMap({ $0 }) {
                if let better = alongOrder(order, bound: nil, &report) { solutions.append(better) }
            }
        }
        guard var solution = solutions.min(by: { $0.value(request) < $1.value(request) }) else { return nil }
        // Where it costs nothing, steps pass the devices in their order.
        let listed = solution.segments.map(\.device).sorted()
        if listed != solution.segments.map(\.device), required == nil,
            let ordered = alongOrder(listed, bound: bound(solution), &report),
            ordered.value(request) <= solution.value(request)
        {
            solution = ordered
        }
        solution = evened(solution)
        solution.report = report
        return solution
    }

    /// How long a step may take anything in solutions that are no worse.
    func bound(_ solution: Solution) -> Double {
        switch request.preferences.objective {
        case .latency, .energy: .infinity
        case .balanced, .throughput: solution.largest
        }
    }

    /// The candidates as they were listed, pinned ones where their layers are.
    private var listedOrder: [Int] {
        let places = candidates.enumerated().map { index, device in
            let block = checked.blocks.first { $0.device == device }?.layers
            let place =
                block.map { Double($0.lowerBound + $0.upperBound) / 2 / Double(layerCount) }
                ?? (Double(index) + 0.5) / Double(candidates.count)
            return (device: device, place: place)
        }
        return places.sorted { ($0.place, $0.device) < ($1.place, $1.device) }.map(\.device)
    }

    private func makeSearch(_ groups: [[Int]]) -> SplitSearch {
        SplitSearch(
            SearchSpace(self, groups: groups), SearchGraph(counts: groups.map(\.count), most: mostDevices))
    }

    /// The best placement whose devices are some of these in this order.
    private func alongOrder(_ devices: [Int], bound: Double?, _ report: inout SearchReport) -> Solution? {
        let groups = devices.map { [$0] }
        // Each takes a layer at least, so that no chain has more devices than there are layers.
        let most = (request.preferences.maximumDevices ?? .max) < layerCount ? mostDevices : groups.count
        var search = SplitSearch(
            SearchSpace(self, groups: groups), SearchGraph(orderOf: groups.count, most: most))
        let objective = request.preferences.objective
        let chain: Chain?
        if let bound, objective != .energy {
            chain = search.leastSum(bound: bound)
        } else {
            chain = search.best(objective, streams: request.streams, effort: Self.mostEffortAlongOrder)
        }
        report.add(search)
        return chain.map { named($0, groups, report) }
    }

    private func alongOrder(_ devices: [Int], bound: Double) -> Solution? {
        var report = SearchReport(groups: devices.count, isExact: false, passes: 0, cells: 0)
        return alongOrder(devices, bound: bound, &report)
    }

    /// Comparisons after which a search along one order of many devices takes what it has found: a second or so.
    private static let mostEffortAlongOrder = 1 << 29

    /// A chain of groups as one of devices: those of a group in their order.
    private func named(_ chain: Chain, _ groups: [[Int]], _ report: SearchReport) -> Solution {
        var taken = Array(repeating: 0, count: groups.count)
        let segments = chain.segments.map { segment in
            defer { taken[segment.item] += 1 }
            return (device: groups[segment.item][taken[segment.item]], layers: segment.layers)
        }
        return Solution(
            segments: segments, sum: chain.sum, largest: chain.largest, energy: chain.energy, report: report)
    }
}

extension SearchReport {
    fileprivate mutating func add(_ search: SplitSearch) {
        passes += search.passes
        cells += search.passes * search.cells
        if search.gaveUp { isExact = false }
    }
}
