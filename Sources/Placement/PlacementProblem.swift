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
    /// Bytes left for layers' weights on each of their disks.
    let disks: [Int]

    init(_ checked: CheckedRequest, embedding: Int, head: Int, extendsPins: Bool, note: String? = nil) {
        self.checked = checked
        self.note = note
        embeddingDevice = embedding
        headDevice = head
        self.extendsPins = extendsPins
        let request = checked.request
        costs = CostModel(request)
        rooms = request.devices.indices.map { index in
            max(0, request.devices[index].memoryBytes) - request.model.scratchBytes
                - request.model.endBytes(embedding: index == embedding, head: index == head)
        }
        disks = request.devices.indices.map { index in
            request.devices[index].diskBytes.map {
                max(0, $0) - request.model.endBytes(embedding: index == embedding, head: index == head)
            } ?? .max
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

    /// Bytes of a run of layers that memory must have room for. Where experts may stay on disk it is all but the experts, and a working set of
    /// these: what one row takes of them in the layer where that is most.
    func held(_ layers: Range<Int>) -> Int {
        let experts = experts(layers)
        guard experts > 0 else { return load(layers) }
        return load(layers) - experts
            + min(experts, request.model.layers[layers].reduce(0) { max($0, $1.expertBytesOfOneRow) })
    }

    /// Bytes of the experts of a run of layers that may stay on disk.
    func experts(_ layers: Range<Int>) -> Int {
        checked.expertPrefix[layers.upperBound] - checked.expertPrefix[layers.lowerBound]
    }

    /// Bytes of them that stay there on a device with so much room: what is more than its memory takes.
    func expertsOnDisk(_ layers: Range<Int>, room: Int) -> Int { max(0, min(experts(layers), load(layers) - room)) }

    /// Bytes that a run of layers takes of a disk. What stays there is kept packed beside the file's form.
    func stored(_ layers: Range<Int>, room: Int) -> Int {
        let weights = weights(layers)
        return expertsOnDisk(layers, room: room) == 0 ? weights : weights > .max / 2 ? .max : 2 * weights
    }

    /// Bytes of their weights alone.
    func weights(_ layers: Range<Int>) -> Int {
        checked.weightPrefix[layers.upperBound] - checked.weightPrefix[layers.lowerBound]
    }

    /// The first device among embedding's and head's that cannot hold even those; nil when both can.
    var overloadedEnd: PlacementError? {
        for index in [embeddingDevice, headDevice] where rooms[index] < 0 || disks[index] < 0 {
            let device = request.devices[index]
            if rooms[index] >= 0 {
                return .invalidSize(
                    "\(endsName(index)) on \(device.name) is \(ByteCount(-disks[index])) more than its disk may keep "
                        + "(\(ByteCount(device.diskBytes ?? 0))); raise its --store-limit, free disk space, or pin less to it"
                )
            }
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

    func link(_ one: Int, _ other: Int) -> LinkSpeed { checked.link(one, other) }

    func coordinatorLink(_ device: Int) -> LinkSpeed? { checked.coordinatorLink(device) }

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
        guard !isSingular(one), !isSingular(other), rooms[one] == rooms[other], disks[one] == disks[other],
            CostModel.speed(request.devices[one]) == CostModel.speed(request.devices[other]),
            coordinatorLink(one) == coordinatorLink(other), power(one) == power(other)
        else { return false }
        return (candidates + [embeddingDevice, headDevice]).allSatisfy { third in
            third == one || third == other || link(one, third) == link(other, third)
        }
    }

    /// What a device takes; nil where that does not matter.
    func power(_ device: Int) -> DevicePower? {
        request.preferences.objective == .energy ? request.power(of: request.devices[device]) : nil
    }

    /// Whether something marks the device out from all others.
    func isSingular(_ device: Int) -> Bool {
        device == embeddingDevice || device == headDevice || request.devices[device].isCoordinator
            || checked.blocks.contains { $0.device == device }
    }
}
