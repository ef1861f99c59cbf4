extension PlacementProblem {
    /// The stages for a split: the embedding's first, the head's last, merged with a neighbour on the same device.
    func plan(_ segments: [Segment]) -> PlacementPlan {
        let devices = Dictionary(uniqueKeysWithValues: request.devices.map { ($0.name, $0) })
        var stages: [PlacedStage] = []

        func add(_ name: String, embedding: Bool = false, layers: Range<Int>, head: Bool = false) {
            let weights =
                (embedding ? request.model.embeddingBytes : 0)
                + request.model.layerBytes[layers].reduce(0, +)
                + (head ? Self.headBytes(request.model, besideEmbedding: name == embeddingDevice) : 0)
            let keyValues = layers.count * keyValueBytesPerLayer
            if let last = stages.indices.last, stages[last].device == name {
                let covered = stages[last].layers
                stages[last].layers =
                    layers.isEmpty ? covered : (covered.isEmpty ? layers : covered.lowerBound..<layers.upperBound)
                stages[last].head = head
                stages[last].weightBytes += weights
                stages[last].keyValueBytes += keyValues
            } else {
                stages.append(
                    PlacedStage(
                        holder: StageHolder(device: name), embedding: embedding, layers: layers, head: head,
                        weightBytes: weights,
                        keyValueBytes: keyValues, scratchBytes: 0, memoryBytes: devices[name]?.memoryBytes ?? 0,
                        headroomBytes: 0))
            }
        }

        add(embeddingDevice, embedding: true, layers: 0..<0)
        for segment in segments { add(candidates[segment.candidate].device.name, layers: segment.layers) }
        add(headDevice, layers: layerCount..<layerCount, head: true)

        var used: [String: Int] = [:]
        for index in stages.indices {
            let name = stages[index].device
            if used[name] == nil { stages[index].scratchBytes = request.model.scratchBytes }
            used[name, default: 0] += stages[index].usedBytes
        }
        for index in stages.indices {
            stages[index].headroomBytes = stages[index].memoryBytes - (used[stages[index].device] ?? 0)
        }
        let unused = request.devices.filter { used[$0.name] == nil }
        return PlacementPlan(stages: stages, unused: unused.map { UnusedDevice(device: $0.name, reason: reason($0)) })
    }

    private func reason(_ device: DeviceCapacity) -> String {
        guard let candidate = candidates.first(where: { $0.device.name == device.name }) else {
            return "it is the coordinator's own device and layers go to the workers; pin layers to it to use it"
        }
        let smallest = (0..<layerCount).map { load($0..<$0 + 1) }.min() ?? 0
        if candidate.room < smallest {
            return
                "its budget of \(ByteCount(device.memoryBytes)) is less than the \(ByteCount(smallest + request.model.scratchBytes)) "
                + "that one layer takes with its KV cache and scratch"
        }
        return free.isEmpty || blocks.contains { $0.layers.count == layerCount }
            ? "all layers are pinned to other devices"
            : "its share of the layers in proportion to its memory is less than one layer, or pins left none for it"
    }
}
