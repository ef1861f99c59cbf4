/// A checked request with the embedding's and the head's devices chosen: what is left is which device holds which layers.
struct PlacementProblem {
    let checked: CheckedRequest
    /// Where the embedding and the head go; indices of the request's devices, as all devices here.
    let embeddingDevice: Int
    let headDevice: Int
    /// Whether a pinned device may hold layers beside its pinned ones.
    let extendsPins: Bool
    /// Why the embedding or the head is not where it would be by default.
    let note: String?
    let costs: CostModel
    /// Devices that may take layers, in the request's order.
    let candidates: [Int]
    /// Bytes left for layers on each of the request's devices after scratch, embedding and head.
    let rooms: [Int]

    init(_ checked: CheckedRequest, embedding: Int, head: Int, extendsPins: Bool, note: String? = nil) {
        self.checked = checked
        self.note = note
        embeddingDevice = embedding
        headDevice = head
        self.extendsPins = extendsPins
        let request = checked.request
        costs = CostModel(request)
        rooms = request.devices.indices.map { index in
            request.devices[index].memoryBytes - request.model.scratchBytes
                - request.model.endBytes(embedding: index == embedding, head: index == head)
        }
        let hasRemote = checked.usable.contains { !request.devices[$0].isCoordinator }
        let mayUseCoordinator = !hasRemote || request.preferences.usesCoordinator
        candidates = checked.usable.filter { index in
            !request.devices[index].isCoordinator || mayUseCoordinator
                || checked.blocks.contains { $0.device == index }
        }
    }

    var request: PlacementRequest { checked.request }
    var layerCount: Int { request.model.layers.count }

    /// Bytes of a run of layers with their KV cache.
    func load(_ layers: Range<Int>) -> Int { checked.prefix[layers.upperBound] - checked.prefix[layers.lowerBound] }

    /// The first device among embedding's and head's that cannot hold even those; nil when both can.
    var overloadedEnd: PlacementError? {
        for index in [embeddingDevice, headDevice] where rooms[index] < 0 {
            let device = request.devices[index]
            return .deviceTooSmall(
                device: device.name, holds: endsName(index), neededBytes: device.memoryBytes - rooms[index],
                memoryBytes: device.memoryBytes)
        }
        return nil
    }

    private func endsName(_ index: Int) -> String {
        switch (index == embeddingDevice, index == headDevice) {
        case (true, true): "the embedding with the head and scratch"
        case (true, false): "the embedding with scratch"
        default: "the head with scratch"
        }
    }

    /// The link between two devices as it is planned with.
    func link(_ one: Int, _ other: Int) -> LinkSpeed { request.links.speed(endName(one), endName(other)) }

    /// The link of a device to the coordinator's process; nil for the device in that process.
    func coordinatorLink(_ device: Int) -> LinkSpeed? { endName(device).map { request.links.speed($0, nil) } }

    private func endName(_ device: Int) -> String? {
        request.devices[device].isCoordinator ? nil : request.devices[device].name
    }

    /// The candidates in groups of equals: swapping two of a group changes nothing, so that only their number matters.
    var classes: [[Int]] {
        var classes: [[Int]] = []
        for device in candidates {
            if let index = classes.firstIndex(where: { areEqual($0[0], device) }) {
                classes[index].append(device)
            } else {
                classes.append([device])
            }
        }
        return classes
    }

    private func areEqual(_ one: Int, _ other: Int) -> Bool {
        guard !isSingular(one), !isSingular(other), rooms[one] == rooms[other],
            CostModel.speed(request.devices[one]) == CostModel.speed(request.devices[other]),
            coordinatorLink(one) == coordinatorLink(other)
        else { return false }
        return (candidates + [embeddingDevice, headDevice]).allSatisfy { third in
            third == one || third == other || link(one, third) == link(other, third)
        }
    }

    /// Whether something marks the device out from all others.
    func isSingular(_ device: Int) -> Bool {
        device == embeddingDevice || device == headDevice || request.devices[device].isCoordinator
            || checked.blocks.contains { $0.device == device }
    }
}
