/// Decides which device holds which part of a model.
///
/// Layers go to devices in proportion to their memory, in contiguous ranges, in the given order; pinned devices come where their
/// layers are. Layers stay off the coordinator unless it is the only device or is pinned to some. A pinned device holds exactly its
/// pinned layers where that fits, else neighbouring layers too. No device exceeds its budget. The result depends on the
/// request alone.
/// - Throws: `PlacementError` when the request contradicts itself or does not fit.
package func place(_ request: PlacementRequest) throws(PlacementError) -> PlacementPlan {
    let problem = try PlacementProblem(request)
    if let segments = problem.split(extendingPins: false) ?? problem.split(extendingPins: true) {
        return problem.plan(segments)
    }
    throw try shortfall(of: request, problem: problem)
}

/// Says why the layers found no place and what would help.
private func shortfall(of request: PlacementRequest, problem: PlacementProblem) throws(PlacementError) -> PlacementError
{
    for block in problem.blocks where problem.load(block.layers) > problem.candidates[block.candidate].room {
        let candidate = problem.candidates[block.candidate]
        return .deviceTooSmall(
            device: candidate.device.name,
            holds: "layers \(describe(block.layers)) as pinned, with KV cache, scratch and all else",
            neededBytes: problem.load(block.layers) + candidate.device.memoryBytes - candidate.room,
            memoryBytes: candidate.device.memoryBytes)
    }
    let layerBytes = problem.load(0..<problem.layerCount)
    let room = problem.candidates.reduce(0) { $0 + max(0, $1.room) }
    let extraBytes = smallest(1...max(1, layerBytes + request.model.scratchBytes)) { bytes in
        var changed = request
        changed.devices.append(DeviceCapacity(name: freshName(request), memoryBytes: bytes))
        return fits(changed)
    }
    let fittingContext = largest(below: request.context) { context in
        var changed = request
        changed.context = context
        return fits(changed)
    }
    let fittingSlots = largest(below: request.slots) { slots in
        var changed = request
        changed.slots = slots
        return fits(changed)
    }
    let missing = extraBytes.map { $0 - request.model.scratchBytes } ?? (layerBytes - room)
    return .doesNotFit(
        .init(
            missingBytes: max(1, missing), layerBytes: layerBytes, roomBytes: room, fittingContext: fittingContext,
            fittingSlots: fittingSlots, extraDeviceBytes: extraBytes))
}

private func fits(_ request: PlacementRequest) -> Bool {
    guard let problem = try? PlacementProblem(request) else { return false }
    return problem.split(extendingPins: true) != nil
}

private func freshName(_ request: PlacementRequest) -> String {
    var name = "one more"
    while request.devices.contains(where: { $0.name == name }) { name += "+" }
    return name
}

/// The smallest value for which a monotone test holds; nil when it holds for none.
private func smallest(_ range: ClosedRange<Int>, where holds: (Int) -> Bool) -> Int? {
    guard holds(range.upperBound) else { return nil }
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
        let middle = low + (high - low) / 2
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
}

/// The largest value from 1 to `bound - 1` for which a falling test holds; nil when it holds for none.
private func largest(below bound: Int, where holds: (Int) -> Bool) -> Int? {
    guard bound > 1, holds(1) else { return nil }
    return smallest(2...bound) { !holds($0) }.map { $0 - 1 }
}
