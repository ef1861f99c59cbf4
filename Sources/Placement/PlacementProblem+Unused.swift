extension PlacementProblem {
    /// The devices that hold nothing, each with the reason.
    func unused(_ solution: Solution) -> [UnusedDevice] {
        let used = Set(solution.segments.map(\.device) + [embeddingDevice, headDevice])
        // Equal devices are left out for equal reasons.
        var known: [Int: String] = [:]
        let classes = classes
        return request.devices.indices.filter { !used.contains($0) }.map { device in
            let twin = classes.first { $0.contains(device) }?.first
            let reason = twin.flatMap { known[$0] } ?? self.reason(device, solution)
            if let twin { known[twin] = reason }
            return UnusedDevice(device: request.devices[device].name, reason: reason)
        }
    }

    private func reason(_ index: Int, _ solution: Solution) -> String {
        let device = request.devices[index]
        if let reason = checked.absurd[index] { return "it is left out: \(reason)" }
        guard checked.usable.contains(index) else { return "it is excluded" }
        guard candidates.contains(index) else {
            return
                "it is the coordinator's own device and layers go to the workers; let it take layers, or pin some to it, to use it"
        }
        let smallest = (0..<layerCount).map { held($0..<$0 + 1) }.min() ?? 0
        if rooms[index] < smallest {
            return
                "its budget of \(ByteCount(device.memoryBytes)) is less than the \(ByteCount(smallest + request.model.scratchBytes)) "
                + "that one layer takes with its KV cache and scratch"
        }
        let lightest = (0..<layerCount).map { weights($0..<$0 + 1) }.min() ?? 0
        if disks[index] < lightest {
            return
                "its disk may keep \(ByteCount(device.diskBytes ?? 0)), which is less than one layer (\(ByteCount(lightest)))"
        }
        if checked.blocks.reduce(0, { $0 + $1.layers.count }) == layerCount {
            return "other devices keep all the layers"
        }
        let isFull = solution.segments.count == request.preferences.maximumDevices
        guard solution.report.isExact else {
            return "no better placement with it was found"
        }
        guard let other = solve(requiring: index, beside: solution) else {
            return isFull
                ? "at most \(solution.segments.count) devices may hold layers, and in place of another it has too little memory"
                : "no split of the layers that includes it fits, with the memory and the pins of the others"
        }
        let value = solution.value(request).primary
        let loss = (other.value(request).primary - value) / value
        let isEnergy = request.preferences.objective == .energy
        let slower =
            isEnergy
            ? (loss == 0 ? "as thrifty" : "less thrifty: \(percent(loss)) more joules per token")
            : loss == 0 ? "no faster" : "slower by \(percent(loss))"
        return isFull
            ? "at most \(solution.segments.count) devices may hold layers, and with it in place of another the plan would be \(slower)"
            : "the plan would be \(slower) with it\(isEnergy ? "" : why(index, loss))"
    }

    /// What makes a device a loss.
    private func why(_ index: Int, _ loss: Double) -> String {
        let fastest = candidates.map { time(of: $0) }.min() ?? 0
        let ratio = time(of: index) / fastest
        return ratio >= 1.5 ? " (it takes \(tenths(ratio)) times as long for a layer as the fastest)" : ""
    }

    private func time(of device: Int) -> Double {
        costs.layer(
            0, CostModel.speed(request.devices[device]), .decoding(streams: 1, history: costs.history))
    }
}

/// A share as people read it: `12%`, `0.4%` below one percent.
private func percent(_ share: Double) -> String {
    let percent = share * 100
    if percent < 0.1 { return "less than 0.1%" }
    return percent < 10 ? "\(tenths(percent))%" : "\(Int(saturating: min(percent, 1e9).rounded()))%"
}

private func tenths(_ value: Double) -> String {
    let tenths = Int(saturating: (min(value, 1e9) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}
