/// A request that does not contradict itself.
struct CheckedRequest {
    /// A device that must hold layers.
    struct Block: Hashable {
        /// Index in the request's devices.
        let device: Int
        let layers: Range<Int>
    }

    let request: PlacementRequest
    /// The devices that may hold something.
    let usable: [Int]
    /// Those that are left out for numbers that no device has, and why.
    let absurd: [Int: String]
    /// The links as they are planned with, `[devices, devices]`.
    private let links: [LinkSpeed]
    private let coordinatorLinks: [LinkSpeed]
    /// The coordinator's own device, where it may hold something.
    let coordinator: Int?
    /// Pinned layers in their order, one block per device.
    let blocks: [Block]
    /// Where pins put the embedding and the head.
    let embeddingPin: Int?
    let headPin: Int?
    /// Keys and values of each layer for all slots, bytes.
    let keyValueBytes: [Int]
    /// `prefix[i]`: bytes of the layers `0..<i` with their KV cache.
    let prefix: [Int]

    /// Bytes of the layers' weights alone, likewise.
    let weightPrefix: [Int]

    /// Bytes of the layers' experts alone, likewise; zeros where none may stay on disk.
    let expertPrefix: [Int]

    /// - Throws: `PlacementError` when sizes do not add up or wishes contradict each other.
    init(_ request: PlacementRequest) throws(PlacementError) {
        self.request = request
        try Self.checkSizes(request)
        let absurd = Self.absurd(request)
        self.absurd = absurd
        (links, coordinatorLinks) = request.links.matrix(request.devices.map { $0.isCoordinator ? nil : $0.name })
        let model = request.model
        let room = request.cacheRoom
        var keyValueBytes: [Int] = []
        for state in model.states {
            let positions = room.positions(window: state.window)
            // As many as cannot be counted.
            guard positions < .max || state.bytesPerPosition == 0 else { throw Self.tooLargeCache }
            guard let bytes = product(state.bytesPerPosition, positions) else { throw Self.tooLargeCache }
            keyValueBytes.append(bytes)
        }
        self.keyValueBytes = keyValueBytes
        prefix = try Self.prefixSums(model, keyValueBytes)
        var weights = [0]
        for layer in model.layers { weights.append(weights[weights.count - 1] + layer.bytes) }
        weightPrefix = weights
        var experts = [0]
        for layer in model.layers {
            experts.append(experts[experts.count - 1] + (request.preferences.expertsOnDisk ? layer.expertBytes : 0))
        }
        expertPrefix = experts

        let names = request.devices.map(\.name)
        var seen = Set<String>()
        for name in names where !seen.insert(name).inserted { throw .duplicateDevice(name) }
        for pin in request.pins where !names.contains(pin.device) {
            throw .unknownDevice(pin.device, askedBy: "the pin \(pin)", known: names)
        }
        let excluded = request.preferences.excluded
        for name in excluded where !names.contains(name) {
            throw .unknownDevice(name, askedBy: "the exclusion", known: names)
        }
        if let pin = request.pins.first(where: { excluded.contains($0.device) }) { throw .excludedDevice(pin) }
        usable = names.indices.filter { !excluded.contains(names[$0]) && absurd[$0] == nil }
        if usable.isEmpty {
            let reasons = absurd.sorted { $0.key < $1.key }.map { "; \(names[$0.key]): \($0.value)" }
            throw .invalidSize(
                reasons.isEmpty
                    ? "all devices are excluded; at least one is needed" : "no device can be used\(reasons.joined())")
        }
        for (index, reason) in absurd.sorted(by: { $0.key < $1.key }) {
            guard let pin = request.pins.first(where: { $0.device == names[index] }) else { continue }
            throw .invalidSize("the pin \(pin) names a device that is left out: \(reason)")
        }
        coordinator = usable.first { request.devices[$0].isCoordinator }
        embeddingPin = try Self.home(of: .embedding, request)
        headPin = try Self.home(of: .head, request)
        blocks = try Self.pinnedLayers(request)
        if coordinator == nil, embeddingPin == nil || headPin == nil,
            !request.devices.contains(where: \.isCoordinator)
        {
            throw .noCoordinator
        }
        if let most = request.preferences.maximumDevices, blocks.count > most {
            throw .invalidSize(
                "layers are pinned to \(blocks.count) devices, and at most \(most) may hold any; raise the maximum or drop pins"
            )
        }
    }

    private static var tooLargeCache: PlacementError {
        .invalidSize(
            "the KV cache of one layer is larger than can be counted in bytes; ask for a smaller context or fewer slots"
        )
    }

    private static func checkSizes(_ request: PlacementRequest) throws(PlacementError) {
        let model = request.model
        let preferences = request.preferences
        if model.layers.isEmpty { throw .invalidSize("the model has no layers") }
        if request.devices.isEmpty { throw .invalidSize("there is no device to place the model on; name at least one") }
        let counts = [
            (request.context, "the context"), (request.slots, "the number of slots"),
            (request.streams, "the number of streams"), (request.rowsPerStep, "the number of rows per step"),
            (preferences.maximumDevices ?? 1, "the maximum number of devices"), (model.width, "the model's width"),
        ]
        for (count, name) in counts where count < 1 { throw .invalidSize("\(name) is \(count); it must be 1 or more") }
        let parts = (model.layers + [model.embedding, model.head]).flatMap(\.weights)
        let sizes =
            [
                model.vocabulary, model.scratchBytes,
            ] + model.states.flatMap { [$0.bytesPerPosition, $0.smallBytesPerPosition ?? 0, $0.window ?? 0] }
        if sizes.contains(where: { $0 < 0 }) || parts.contains(where: { $0.bytes < 0 || $0.elements < 0 }) {
            throw .invalidSize("a size of the model is negative")
        }
        if case .always(let codec) = preferences.codec, !model.accepts(codec) {
            let width = codec.accepts(width: model.width) ? model.rowWidth(before: model.layers.count - 1) : model.width
            throw .invalidSize(
                "the codec \(codec.rawValue) takes rows of a multiple of \(RowCodec.blockElements) elements and the model's have \(width); use f16 or f32"
            )
        }
    }

    /// Devices whose numbers none can have: with them nothing could be reckoned.
    private static func absurd(_ request: PlacementRequest) -> [Int: String] {
        var absurd: [Int: String] = [:]
        for (index, device) in request.devices.enumerated() {
            if device.memoryBytes < 0 || device.diskBytes ?? 0 < 0 {
                absurd[index] = "its memory or disk has fewer than 0 bytes, which no device has"
            }
            if let speed = device.speed, !(speed.readBytesPerSecond.isFinite && speed.readBytesPerSecond > 0) {
                absurd[index] =
                    "it reads \(speed.readBytesPerSecond) bytes per second, which no device does; measure it again"
            }
        }
        return absurd
    }

    /// The link between two devices as it is planned with.
    func link(_ one: Int, _ other: Int) -> LinkSpeed { links[one * request.devices.count + other] }

    /// The link of a device to the coordinator's process; nil for the device in that process.
    func coordinatorLink(_ device: Int) -> LinkSpeed? {
        request.devices[device].isCoordinator ? nil : coordinatorLinks[device]
    }

    private static func prefixSums(_ model: ModelSizes, _ keyValueBytes: [Int]) throws(PlacementError) -> [Int] {
        var sums = [0]
        for (layer, state) in zip(model.layers, keyValueBytes) {
            sums.append(try sum([sums[sums.count - 1], layer.bytes, state], "the model's layers"))
        }
        // Everything that is ever added to the layers must add up too.
        _ = try sum(
            [sums[sums.count - 1], model.embedding.bytes, model.head.bytes, model.scratchBytes, model.scratchBytes],
            "the model")
        return sums
    }

    private static func home(of part: Pin.Part, _ request: PlacementRequest) throws(PlacementError) -> Int? {
        let pins = request.pins.filter { $0.part == part }
        guard let first = pins.first else { return nil }
        if let other = pins.first(where: { $0.device != first.device }) { throw .overlappingPins(first, other) }
        return request.devices.firstIndex { $0.name == first.device }
    }

    /// Whether layers that must stay together can, when these are pinned to a device.
    private static func keeps(_ run: Range<Int>, together layers: ClosedRange<Int>) -> Bool {
        !run.overlaps(layers) || layers.contains(run.lowerBound) && layers.contains(run.upperBound - 1)
    }

    /// The pinned layers as one range per device, in order of layers.
    private static func pinnedLayers(_ request: PlacementRequest) throws(PlacementError) -> [Block] {
        let layerCount = request.model.layers.count
        var sorted: [(pin: Pin, layers: Range<Int>)] = []
        for pin in request.pins {
            guard let layers = pin.layers else { continue }
            guard layers.lowerBound >= 0, layers.upperBound < layerCount else {
                throw .layerOutOfRange(pin, layerCount: layerCount)
            }
            if let run = request.model.undivided.first(where: { !Self.keeps($0, together: layers) }) {
                throw .dividedLayers(pin, run)
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
        var merged: [Block] = []
        for (pin, layers) in sorted {
            guard let device = request.devices.firstIndex(where: { $0.name == pin.device }) else { continue }
            guard let index = merged.firstIndex(where: { $0.device == device }) else {
                merged.append(Block(device: device, layers: layers))
                continue
            }
            let before = merged[index].layers
            guard layers.lowerBound <= before.upperBound else {
                throw .notContiguous(device: pin.device, first: before, second: layers)
            }
            merged[index] = Block(
                device: device, layers: before.lowerBound..<max(before.upperBound, layers.upperBound))
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

private func product(_ one: Int, _ other: Int) -> Int? {
    let (product, overflow) = one.multipliedReportingOverflow(by: other)
    return overflow ? nil : product
}
