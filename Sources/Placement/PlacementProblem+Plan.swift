extension PlacementProblem {
    /// A solution as a plan: with sizes, predictions, and a reason for each device that holds nothing.
    func plan(_ solution: Solution) throws(PlacementError) -> PlacementPlan {
        let stages = stages(solution)
        var notes = note.map { [$0] } ?? []
        if !solution.report.isExact {
            notes.append(
                "there are too many different devices to try all orders: those that differ the least were planned as equals, in "
                    + "\(solution.report.groups) groups, and the layers then split exactly over the devices so found")
        }
        for run in request.model.undivided {
            notes.append("layers \(describe(run)) share keys and values, so that one device holds all of them")
        }
        for codec in Set(stages.filter { $0.hopSeconds > 0 }.map(\.codec)).sorted(by: { $0.rawValue < $1.rawValue })
        where codec != .f32 {
            notes.append("activations as \(codec.rawValue): \(codec.quality)")
        }
        notes += diskNotes(stages)
        return PlacementPlan(
            stages: stages, unused: unused(solution), objective: request.preferences.objective,
            prediction: predict(stages, solution), notes: notes, search: solution.report)
    }

    /// The embedding's stage first, the head's last, merged with a neighbour on the same device.
    private func stages(_ solution: Solution) -> [PlacedStage] {
        let model = request.model
        var stages: [PlacedStage] = []
        var devices: [Int] = []
        func add(_ device: Int, embedding: Bool = false, layers: Range<Int>, head: Bool = false) {
            let weights =
                (embedding ? model.embedding.bytes : 0) + model.layers[layers].reduce(0) { $0 + $1.bytes }
                + (head ? model.headBytes(besideEmbedding: device == embeddingDevice) : 0)
            if devices.last != device {
                devices.append(device)
                stages.append(
                    PlacedStage(
                        holder: StageHolder(device: request.devices[device].name), embedding: embedding, layers: layers,
                        head: head, memoryBytes: request.devices[device].memoryBytes))
            }
            let last = stages.count - 1
            let covered = stages[last].layers
            if !layers.isEmpty {
                stages[last].layers = covered.isEmpty ? layers : covered.lowerBound..<layers.upperBound
            }
            stages[last].head = head
            stages[last].weightBytes += weights
            stages[last].keyValueBytes += checked.keyValueBytes[layers].reduce(0, +)
        }
        add(embeddingDevice, embedding: true, layers: 0..<0)
        for segment in solution.segments { add(segment.device, layers: segment.layers) }
        add(headDevice, layers: layerCount..<layerCount, head: true)
        for (index, device) in devices.enumerated() {
            stages[index].expertBytesOnDisk = expertsOnDisk(stages[index].layers, room: rooms[device])
        }

        var used: [Int: Int] = [:]
        for (index, device) in devices.enumerated() {
            if used[device] == nil { stages[index].scratchBytes = model.scratchBytes }
            used[device, default: 0] += stages[index].usedBytes
        }
        let step = StepShape.decoding(streams: 1, history: costs.history)
        for (index, device) in devices.enumerated() {
            stages[index].headroomBytes = stages[index].memoryBytes - (used[device] ?? 0)
            stages[index].stepSeconds = restedSeconds(of: stages[index], on: device, step)
            stages[index].diskSeconds = diskSeconds(of: stages[index], on: device, step)
            let next = index + 1 < devices.count ? devices[index + 1] : nil
            if let next { stages[index].codec = costs.codec(for: link(device, next)) }
            stages[index].hopSeconds = hopSeconds(from: device, to: next, stages[index], step)
        }
        return stages
    }

    /// What stays on disk, and what that costs.
    private func diskNotes(_ stages: [PlacedStage]) -> [String] {
        stages.filter { $0.expertBytesOnDisk > 0 }.map { stage in
            let speed = request.devices.first { $0.name == stage.device }?.speed?.diskBytesPerSecond
            return
                "\(ByteCount(stage.expertBytesOnDisk)) of the \(ByteCount(experts(stage.layers))) of experts on \(stage.device) stay on its disk, "
                + "which is read at \(ByteRate(speed ?? DeviceSpeed.nominalDisk))\(speed == nil ? " (not measured)" : "")"
        }
    }

    /// Seconds for which a stage's step waits for its disk.
    func diskSeconds(of stage: PlacedStage, on device: Int, _ step: StepShape) -> Double {
        costs.disk(
            stage.layers, missing: stage.expertBytesOnDisk, CostModel.speed(request.devices[device]), step)
    }

    /// Seconds for which a stage works on a step, when steps come one behind the other.
    func lastingSeconds(of stage: PlacedStage, on device: Int, _ step: StepShape) -> Double {
        computingSeconds(of: stage, on: device, step) + diskSeconds(of: stage, on: device, step)
    }

    private func computingSeconds(of stage: PlacedStage, on device: Int, _ step: StepShape) -> Double {
        let speed = CostModel.speed(request.devices[device])
        return CostModel.stageOverhead + (stage.embedding ? costs.embedding(speed, step) : 0)
            + stage.layers.reduce(0) { $0 + costs.layer($1, speed, step) }
            + (stage.head ? costs.head(speed, step) : 0)
    }

    /// Seconds for which a stage works on a step that it has waited for. A quota counts nothing while it waits for its disk.
    func restedSeconds(of stage: PlacedStage, on device: Int, _ step: StepShape) -> Double {
        CostModel.speed(request.devices[device]).dutyCycle.rested(computingSeconds(of: stage, on: device, step))
            + diskSeconds(of: stage, on: device, step)
    }

    /// Seconds from a stage's results to the next stage, or with logits to the coordinator.
    func hopSeconds(from device: Int, to next: Int?, _ stage: PlacedStage, _ step: StepShape) -> Double {
        guard let next else {
            return coordinatorLink(device).map { costs.hop(transfer: costs.logitTransfer(step, $0), $0) } ?? 0
        }
        let link = link(device, next)
        // Rows that nobody wants end with the last layer.
        let rows = stage.layers.upperBound == layerCount ? step.results : step.rows
        return costs.hop(
            transfer: costs.transfer(rows: rows, stage.codec, link, before: stage.layers.upperBound), link)
    }
}
