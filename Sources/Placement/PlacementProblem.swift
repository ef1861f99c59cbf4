/// A checked request, reduced to what the split needs: room per device, load per run of layers, pinned blocks in order.
struct PlacementProblem {
    /// A device that may take layers.
    struct Candidate {
        let device: DeviceCapacity
        /// Bytes left for layers after scratch, embedding and head; negative when those alone exceed the budget.
        let room: Int
    }

    /// Layers that one candidate must hold.
    struct Block {
        let layers: Range<Int>
        /// Index in `candidates`.
        let candidate: Int
    }

    let request: PlacementRequest
    let layerCount: Int
    /// Where the embedding and the head go.
    let embeddingDevice: String
    let headDevice: String
    /// Keys and values of one layer for all slots, bytes.
    let keyValueBytesPerLayer: Int
    /// Devices that may take layers, in the request's order.
    let candidates: [Candidate]
    /// Pinned blocks in order of their layers, one per pinned device.
    let blocks: [Block]
    /// Candidates without a pin, in the request's order.
    let free: [Int]
    /// `prefix[i]`: bytes of the layers `0..<i` with their KV cache.
    private let prefix: [Int]

    init(_ request: PlacementRequest) throws(PlacementError) {
        self.request = request
        let model = request.model
        layerCount = model.layerBytes.count
        try Self.checkSizes(request)
        keyValueBytesPerLayer = try product(
            [model.keyValueBytesPerPositionPerLayer]
                + (request.keyValuePositions.map { [$0] } ?? [request.context, request.slots]),
            "the KV cache of one layer")
        prefix = try Self.prefixSums(model, keyValueBytesPerLayer)

        var names = Set<String>()
        for device in request.devices where !names.insert(device.name).inserted { throw .duplicateDevice(device.name) }
        for pin in request.pins where !names.contains(pin.device) {
            throw .unknownDevice(pin.device, askedBy: "the pin \(pin)", known: request.devices.map(\.name))
        }
        embeddingDevice = try Self.home(of: .embedding, asked: request.embeddingDevice, request)
        headDevice = try Self.home(of: .head, asked: request.headDevice, request)

        let pinned = try Self.pinnedLayers(request)
        let hasRemote = request.devices.contains { !$0.isCoordinator }
        var candidates: [Candidate] = []
        for device in request.devices {
            let fixed = Self.fixedBytes(
                model, embedding: device.name == embeddingDevice, head: device.name == headDevice)
            let holdsEnds = device.name == embeddingDevice || device.name == headDevice
            if holdsEnds && fixed + model.scratchBytes > device.memoryBytes {
                throw .deviceTooSmall(
                    device: device.name, holds: Self.endsName(device.name, embeddingDevice, headDevice),
                    neededBytes: fixed + model.scratchBytes, memoryBytes: device.memoryBytes)
            }
            guard !device.isCoordinator || !hasRemote || pinned.contains(where: { $0.device == device.name }) else {
                continue
            }
            candidates.append(Candidate(device: device, room: device.memoryBytes - model.scratchBytes - fixed))
        }
        self.candidates = candidates
        blocks = pinned.compactMap { pin in
            candidates.firstIndex { $0.device.name == pin.device }.map { Block(layers: pin.layers, candidate: $0) }
        }
        let taken = Set(blocks.map(\.candidate))
        free = candidates.indices.filter { !taken.contains($0) }
    }

    /// Bytes of a run of layers with their KV cache.
    func load(_ layers: Range<Int>) -> Int { prefix[layers.upperBound] - prefix[layers.lowerBound] }

    /// Weight bytes of the embedding and the head when one device holds the ones named.
    static func fixedBytes(_ model: ModelSizes, embedding: Bool, head: Bool) -> Int {
        (embedding ? model.embeddingBytes : 0) + (head ? headBytes(model, besideEmbedding: embedding) : 0)
    }

    /// Weight bytes that the head adds to a device.
    static func headBytes(_ model: ModelSizes, besideEmbedding: Bool) -> Int {
        besideEmbedding && model.tiedEmbedding ? max(0, model.headBytes - model.embeddingBytes) : model.headBytes
    }

    private static func endsName(_ device: String, _ embedding: String, _ head: String) -> String {
        switch (device == embedding, device == head) {
        case (true, true): "the embedding with the head and scratch"
        case (true, false): "the embedding with scratch"
        default: "the head with scratch"
        }
    }

    private static func checkSizes(_ request: PlacementRequest) throws(PlacementError) {
        let model = request.model
        if model.layerBytes.isEmpty { throw .invalidSize("the model has no layers") }
        if request.devices.isEmpty { throw .invalidSize("there is no device to place the model on; name at least one") }
        if request.context < 1 { throw .invalidSize("the context is \(request.context); it must be 1 or more") }
        if request.slots < 1 { throw .invalidSize("the number of slots is \(request.slots); it must be 1 or more") }
        let sizes =
            model.layerBytes
            + [model.embeddingBytes, model.headBytes, model.keyValueBytesPerPositionPerLayer, model.scratchBytes]
        if sizes.contains(where: { $0 < 0 }) { throw .invalidSize("a size of the model is negative") }
        for device in request.devices where device.memoryBytes < 0 {
            throw .invalidSize("the memory of \(device.name) is negative")
        }
        _ = try sum(request.devices.map(\.memoryBytes), "the memory of all devices")
    }

    private static func prefixSums(_ model: ModelSizes, _ keyValueBytes: Int) throws(PlacementError) -> [Int] {
        var sums = [0]
        for bytes in model.layerBytes {
            sums.append(try sum([sums[sums.count - 1], bytes, keyValueBytes], "the model's layers"))
        }
        // Everything that is ever added to the layers must add up too.
        _ = try sum(
            [sums[sums.count - 1], model.embeddingBytes, model.headBytes, model.scratchBytes, model.scratchBytes],
            "the model")
        return sums
    }

    private static func home(
        of part: Pin.Part, asked: String?, _ request: PlacementRequest
    ) throws(PlacementError) -> String {
        var pins = request.pins.filter { $0.part == part }
        if let asked { pins.append(Pin(part, device: asked)) }
        if let first = pins.first {
            if let other = pins.first(where: { $0.device != first.device }) { throw .overlappingPins(first, other) }
            guard request.devices.contains(where: { $0.name == first.device }) else {
                throw .unknownDevice(
                    first.device, askedBy: "the placement of \(first)", known: request.devices.map(\.name))
            }
            return first.device
        }
        guard let coordinator = request.devices.first(where: \.isCoordinator) else { throw .noCoordinator }
        return coordinator.name
    }

    /// The pinned layers as one range per device, in order of layers.
    private static func pinnedLayers(
        _ request: PlacementRequest
    ) throws(PlacementError) -> [(device: String, layers: Range<Int>)] {
        let layerCount = request.model.layerBytes.count
        var sorted: [(pin: Pin, layers: Range<Int>)] = []
        for pin in request.pins {
            guard let layers = pin.layers else { continue }
            guard layers.lowerBound >= 0, layers.upperBound < layerCount else {
                throw .layerOutOfRange(pin, layerCount: layerCount)
            }
            sorted.append((pin, layers.lowerBound..<layers.upperBound + 1))
        }
        for (index, one) in sorted.enumerated() {
            for other in sorted[(index + 1)...]
            where one.layers.overlaps(other.layers) && one.pin.device != other.pin.device {
                throw .overlappingPins(one.pin, other.pin)
            }
        }
        sorted.sort { ($0.layers.lowerBound, $0.layers.upperBound) < ($1.layers.lowerBound, $1.layers.upperBound) }
        var merged: [(device: String, layers: Range<Int>)] = []
        for (pin, layers) in sorted {
            guard let index = merged.firstIndex(where: { $0.device == pin.device }) else {
                merged.append((pin.device, layers))
                continue
            }
            let before = merged[index].layers
            guard layers.lowerBound <= before.upperBound else {
                throw .notContiguous(device: pin.device, first: before, second: layers)
            }
            merged[index].layers = before.lowerBound..<max(before.upperBound, layers.upperBound)
        }
        return merged
    }
}

private func sum(_ terms: [Int], _ what: String) throws(PlacementError) -> Int {
    var total = 0
    for term in terms {
        let (next, overflow) = total.addingReportingOverflow(term)
        if overflow { throw .invalidSize("\(what) is larger than can be counted in bytes; check the sizes") }
        total = next
    }
    return total
}

private func product(_ factors: [Int], _ what: String) throws(PlacementError) -> Int {
    var total = 1
    for factor in factors {
        let (next, overflow) = total.multipliedReportingOverflow(by: factor)
        if overflow {
            throw .invalidSize(
                "\(what) is larger than can be counted in bytes; ask for a smaller context or fewer slots")
        }
        total = next
    }
    return total
}
