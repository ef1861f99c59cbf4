import Placement

/// A model of layers with so many bytes each, all of one element type (Q4_0), without KV cache or scratch.
func model(
    _ layerBytes: [Int], embedding: Int = 1, head: Int = 1, tied: Bool = false, keyValues: Int = 0, scratch: Int = 0,
    width: Int = 64, vocabulary: Int = 100
) -> ModelSizes {
    func part(_ bytes: Int) -> PartSize {
        PartSize([WeightBytes(elementType: 2, elements: bytes, bytes: bytes)])
    }
    return ModelSizes(
        layers: layerBytes.map(part), embedding: part(embedding), head: part(head), tiedEmbedding: tied, width: width,
        vocabulary: vocabulary, keyValueBytesPerPositionPerLayer: keyValues, scratchBytes: scratch)
}

/// The coordinator's own device, with memory for anything.
let lap = DeviceCapacity(name: "lap", memoryBytes: 1 << 50, isCoordinator: true)

/// A worker that reads so many bytes per second; nil is not measured.
func device(_ name: String, _ bytes: Int, reads: Double? = nil) -> DeviceCapacity {
    DeviceCapacity(name: name, memoryBytes: bytes, speed: reads.map { DeviceSpeed(readBytesPerSecond: $0) })
}

/// `name:first-last` per stage, with `e` and `h` for the embedding and the head.
func text(_ plan: PlacementPlan) -> [String] {
    plan.stages.map { stage in
        let layers = stage.layers.isEmpty ? "" : "\(stage.layers.lowerBound)-\(stage.layers.upperBound - 1)"
        return "\(stage.device):\(stage.embedding ? "e" : "")\(layers)\(stage.head ? "h" : "")"
    }
}

extension PlacementRequest {
    /// The request with something changed.
    func with(_ change: (inout PlacementRequest) -> Void) -> PlacementRequest {
        var request = self
        change(&request)
        return request
    }

    /// Declares how much power each device takes: no two the same.
    mutating func declareWatts() {
        for (index, device) in devices.enumerated() {
            preferences.watts[device.name] = DevicePower(
                idleWatts: 2 + Double(index) * 0.01, busyWatts: 6 + Double(index) * 0.02)
        }
    }
}
