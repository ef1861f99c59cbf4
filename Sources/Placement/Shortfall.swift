extension PlacementError {
    /// What is missing when layers do not fit, and what would help; each of the mends alone is enough.
    package struct Shortfall: Sendable, Hashable, Codable {
        /// Bytes of weights, KV cache and scratch that found no room.
        package let missingBytes: Int
        /// Bytes that all layers take with their KV cache.
        package let layerBytes: Int
        /// Bytes that the devices have for layers, after scratch, embedding and head.
        package let roomBytes: Int
        /// The longest context that would fit with the same slots, and with the scratch that the asked context takes; nil when even one
        /// position does not.
        package let fittingContext: Int?
        /// The most slots that would fit with the same context; nil when even one does not.
        package let fittingSlots: Int?
        /// Whether a q8_0 cache would fit.
        package let smallKeyValuesFit: Bool
        /// The largest common element type in which the model would fit, by its bits per weight; nil when none does.
        package let fittingQuantization: String?
        /// The smallest budget of one more device with which the layers fit; nil when that does not help.
        package let extraDeviceBytes: Int?
        /// How many devices would have to hold layers; nil where no maximum was asked for or raising it does not help.
        package let fittingMaximumDevices: Int?
        /// Whether it would fit if disks had room for all that memory has.
        package let largerDisksFit: Bool
        /// Whether it would fit if experts might stay on the devices' disks.
        package let expertsOnDiskFit: Bool

        /// Describes a shortfall.
        package init(
            missingBytes: Int, layerBytes: Int, roomBytes: Int, fittingContext: Int?, fittingSlots: Int?,
            smallKeyValuesFit: Bool, fittingQuantization: String?, extraDeviceBytes: Int?,
            fittingMaximumDevices: Int? = nil, largerDisksFit: Bool = false, expertsOnDiskFit: Bool = false
        ) {
            self.missingBytes = missingBytes
            self.layerBytes = layerBytes
            self.roomBytes = roomBytes
            self.fittingContext = fittingContext
            self.fittingSlots = fittingSlots
            self.smallKeyValuesFit = smallKeyValuesFit
            self.fittingQuantization = fittingQuantization
            self.extraDeviceBytes = extraDeviceBytes
            self.fittingMaximumDevices = fittingMaximumDevices
            self.largerDisksFit = largerDisksFit
            self.expertsOnDiskFit = expertsOnDiskFit
        }
    }
}

extension PlacementError.Shortfall: CustomStringConvertible {
    /// The shortfall and the mends, as one sentence.
    package var description: String {
        var mends: [String] = []
        if let fittingContext { mends.append("a context of at most \(fittingContext)") }
        if let fittingSlots { mends.append(fittingSlots == 1 ? "a single slot" : "at most \(fittingSlots) slots") }
        if smallKeyValuesFit { mends.append("a q8_0 KV cache") }
        if let fittingQuantization { mends.append("the model in \(fittingQuantization) or smaller (estimated)") }
        if largerDisksFit { mends.append("more room on the devices' disks (--store-limit there, or free space)") }
        if expertsOnDiskFit { mends.append("\(PlacementError.expertsOnDiskMend)") }
        if let fittingMaximumDevices { mends.append("layers on \(fittingMaximumDevices) devices") }
        if let extraDeviceBytes {
            mends.append("one more device with \(ByteCount(extraDeviceBytes)) (\(extraDeviceBytes) bytes)")
        }
        let mend = mends.isEmpty ? "more memory, or fewer pins" : mends.joined(separator: ", or ")
        let need = "the layers with their KV caches take \(ByteCount(layerBytes))"
        return "\(need) and the devices have room for \(ByteCount(roomBytes)): "
            + "\(ByteCount(missingBytes)) (\(missingBytes) bytes) found no place; what would help: \(mend)"
    }
}

extension CheckedRequest {
    /// Why nothing fits and what would help.
    func refusal() -> PlacementError {
        guard let problem = standardProblem else { return shortfall(roomBytes: 0) }
        for block in blocks where problem.held(block.layers) > problem.rooms[block.device] {
            let device = request.devices[block.device]
            return .deviceTooSmall(
                device: device.name,
                holds: "layers \(describe(block.layers)) as pinned, with KV cache, scratch and all else",
                neededBytes: problem.held(block.layers) + device.memoryBytes - problem.rooms[block.device],
                memoryBytes: device.memoryBytes, expertsOnDiskHelp: request.withExpertsOnDisk?.fits ?? false)
        }
        for block in blocks {
            let stored = problem.stored(block.layers, room: problem.rooms[block.device])
            guard stored > problem.disks[block.device] else { continue }
            return .diskTooSmall(
                device: request.devices[block.device].name, holds: "layers \(describe(block.layers)) as pinned",
                neededBytes: stored, diskBytes: max(0, problem.disks[block.device]))
        }
        // Of layers that stay together the largest device decides.
        if let roomiest = problem.candidates.max(by: { problem.rooms[$0] < problem.rooms[$1] }),
            let run = request.model.undivided.first(where: { problem.load($0) > problem.rooms[roomiest] })
        {
            let device = request.devices[roomiest]
            return .deviceTooSmall(
                device: device.name,
                holds: "layers \(describe(run)), which stay together, with KV cache, scratch and all else",
                neededBytes: problem.load(run) + device.memoryBytes - problem.rooms[roomiest],
                memoryBytes: device.memoryBytes)
        }
        let room = problem.candidates.reduce(0) { sum, device in
            let (total, overflow) = sum.addingReportingOverflow(
                max(0, min(problem.rooms[device], problem.disks[device])))
            return overflow ? .max : total
        }
        // Pinned to a device that cannot hold it, nothing but memory there helps.
        if let overloaded = problem.overloadedEnd, !request.with(device: .max / 4).fits { return overloaded }
        return shortfall(roomBytes: room)
    }

    private func shortfall(roomBytes room: Int) -> PlacementError {
        let all = prefix[prefix.count - 1]
        let layerBytes = standardProblem.map { $0.held(0..<$0.layerCount) } ?? all
        let model = request.model
        let everything = all + model.embedding.bytes + model.head.bytes + model.scratchBytes
        let extraBytes = smallest(1...max(1, everything)) { request.with(device: $0).fits }
        let missing = extraBytes.map { $0 - model.scratchBytes } ?? (layerBytes - room)
        return .doesNotFit(
            .init(
                missingBytes: max(1, missing), layerBytes: layerBytes, roomBytes: room,
                fittingContext: largest(below: request.context) { request.with(context: $0).fits },
                fittingSlots: largest(below: request.slots) { request.with(slots: $0).fits },
                smallKeyValuesFit: request.withSmallKeyValues?.fits ?? false,
                fittingQuantization: QuantizationType.offered.first { type in
                    let smaller = model.quantized(to: type)
                    return smaller != model && request.with(model: smaller).fits
                }?.name,
                extraDeviceBytes: extraBytes,
                fittingMaximumDevices: request.preferences.maximumDevices.flatMap { most in
                    most < usable.count
                        ? smallest(most + 1...usable.count) { request.with(maximumDevices: $0).fits } : nil
                },
                largerDisksFit: request.devices.contains { $0.diskBytes != nil } && request.withoutDisks.fits,
                expertsOnDiskFit: request.withExpertsOnDisk?.fits ?? false))
    }
}

extension PlacementRequest {
    /// Whether any placement fits; false for a request that contradicts itself.
    fileprivate var fits: Bool { (try? CheckedRequest(self))?.fits() ?? false }

    fileprivate func with(context: Int) -> PlacementRequest { changed { $0.context = context } }
    fileprivate func with(slots: Int) -> PlacementRequest { changed { $0.slots = slots } }
    fileprivate func with(model: ModelSizes) -> PlacementRequest { changed { $0.model = model } }

    fileprivate func with(maximumDevices: Int) -> PlacementRequest {
        changed { $0.preferences.maximumDevices = maximumDevices }
    }

    fileprivate func with(device bytes: Int) -> PlacementRequest {
        var name = "one more"
        while devices.contains(where: { $0.name == name }) { name += "+" }
        return changed { $0.devices.append(DeviceCapacity(name: name, memoryBytes: bytes)) }
    }

    fileprivate var withSmallKeyValues: PlacementRequest? {
        model.withSmallCaches.map { with(model: $0) }
    }

    /// The same with experts on disk; nil where that is allowed already, or there are none.
    fileprivate var withExpertsOnDisk: PlacementRequest? {
        guard !preferences.expertsOnDisk, model.layers.contains(where: { $0.expertBytes > 0 }) else { return nil }
        return changed { $0.preferences.expertsOnDisk = true }
    }

    fileprivate var withoutDisks: PlacementRequest {
        changed { request in
            request.devices = request.devices.map {
                DeviceCapacity(
                    name: $0.name, memoryBytes: $0.memoryBytes, isCoordinator: $0.isCoordinator, speed: $0.speed,
                    power: $0.power)
            }
        }
    }

    private func changed(_ change: (inout PlacementRequest) -> Void) -> PlacementRequest {
        var request = self
        // The number of slots is also that of the streams, which has nothing to do with what fits.
        request.preferences.streams = streams
        change(&request)
        return request
    }
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
