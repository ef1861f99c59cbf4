import Placement

/// The planner's dumb twin: tries every choice of devices, every order and every split, with code of its own. Only the times of single
/// layers and hops are the planner's.
struct TwinPlanner {
    struct Stage: Equatable {
        var device: String
        var layers: Range<Int>
        var embedding = false
        var head = false
    }

    struct Value: Equatable, Comparable {
        var primary: Double
        var secondary: Double
        static func < (left: Value, right: Value) -> Bool {
            left.primary != right.primary ? left.primary < right.primary : left.secondary < right.secondary
        }
    }

    let request: PlacementRequest
    private let costs: CostModel
    private var layers: Int { request.model.layers.count }

    init(_ request: PlacementRequest) {
        self.request = request
        costs = CostModel(request)
    }

    /// The best value of any placement; nil when none fits.
    func best() -> Value? {
        let usable = request.devices.filter { !request.preferences.excluded.contains($0.name) }
        let own = usable.first(where: \.isCoordinator)?.name
        let others = usable.filter { !$0.isCoordinator }.map(\.name)
        let embedding = request.pins.first { $0.part == .embedding }?.device
        let head = request.pins.first { $0.part == .head }?.device
        // What is wished, the head elsewhere, the embedding elsewhere, both together elsewhere, both apart.
        var groups: [[(String?, String?)]] = [[(embedding ?? own, head ?? own)]]
        if head == nil { groups.append(others.map { (embedding ?? own, $0) }) }
        if embedding == nil { groups.append(others.map { ($0, head ?? own) }) }
        if embedding == nil, head == nil {
            groups.append(others.map { ($0, $0) })
            groups.append(others.flatMap { one in others.filter { $0 != one }.map { (one, $0) } })
        }
        for group in groups {
            for extendsPins in [false, true] {
                let values = group.compactMap { embedding, head -> Value? in
                    guard let embedding, let head else { return nil }
                    return best(embedding, head, extendsPins: extendsPins)
                }
                if let best = values.min() { return best }
            }
        }
        return nil
    }

    private func best(_ embedding: String, _ head: String, extendsPins: Bool) -> Value? {
        for name in Set([embedding, head]) {
            let stages = [
                Stage(device: embedding, layers: 0..<0, embedding: true),
                Stage(device: head, layers: 0..<0, head: true),
            ]
            if bytes(on: name, stages) > capacity(name).memoryBytes { return nil }
        }
        var best: Value?
        explore([], from: 0, embedding, head, extendsPins) { stages in
            let value = value(stages)
            if best.map({ value < $0 }) ?? true { best = value }
        }
        return best
    }

    private func explore(
        _ chain: [Stage], from start: Int, _ embedding: String, _ head: String, _ extendsPins: Bool,
        _ found: ([Stage]) -> Void
    ) {
        if start == layers {
            let ends =
                [Stage(device: embedding, layers: 0..<0, embedding: true)] + chain + [
                    Stage(device: head, layers: layers..<layers, head: true)
                ]
            if Set(ends.map(\.device)).allSatisfy({ bytes(on: $0, ends) <= capacity($0).memoryBytes }) { found(ends) }
            return
        }
        if chain.count == request.preferences.maximumDevices ?? .max { return }
        for device in request.devices
        where mayTakeLayers(device) && !chain.contains(where: { $0.device == device.name }) {
            for end in start + 1..<layers + 1
            where !request.model.undivided.contains(where: { $0.dropFirst().contains(end) })
                && honours(device.name, start..<end, extendsPins)
            {
                explore(
                    chain + [Stage(device: device.name, layers: start..<end)], from: end, embedding, head, extendsPins,
                    found)
            }
        }
    }

    private func mayTakeLayers(_ device: DeviceCapacity) -> Bool {
        let excluded = request.preferences.excluded
        if excluded.contains(device.name) { return false }
        let alone = !request.devices.contains { !$0.isCoordinator && !excluded.contains($0.name) }
        let pinned = request.pins.contains { $0.layers != nil && $0.device == device.name }
        return !device.isCoordinator || alone || pinned || request.preferences.usesCoordinator
    }

    private func honours(_ name: String, _ range: Range<Int>, _ extendsPins: Bool) -> Bool {
        var own = Set<Int>()
        for pin in request.pins {
            guard let pinned = pin.layers else { continue }
            if pin.device == name {
                own.formUnion(pinned)
            } else if range.overlaps(pinned) {
                return false
            }
        }
        return own.isEmpty || (extendsPins ? own.isSubset(of: range) : own == Set(range))
    }

    /// Bytes of memory that a device's stages take: at least, or if all is `needed` there.
    private func bytes(on name: String, _ stages: [Stage], needed: Bool = false) -> Int {
        let model = request.model
        let mine = stages.filter { $0.device == name }
        let hasEmbedding = mine.contains(where: \.embedding)
        var bytes = model.scratchBytes + (hasEmbedding ? model.embedding.bytes : 0)
        if mine.contains(where: \.head) {
            bytes +=
                hasEmbedding && model.tiedEmbedding
                ? max(0, model.head.bytes - model.embedding.bytes) : model.head.bytes
        }
        let held = mine.flatMap { Array($0.layers) }
        for layer in held {
            bytes +=
                model.layers[layer].bytes
                + model.states[layer].bytesPerPosition * request.context * request.slots
        }
        return needed || !request.preferences.expertsOnDisk ? bytes : bytes - leavable(held)
    }

    /// Bytes of the experts of layers that need not be in memory.
    private func leavable(_ layers: [Int]) -> Int {
        var all = 0, most = 0
        for weights in layers.map({ request.model.layers[$0].weights }) {
            var row = 0
            for one in weights {
                guard let experts = one.experts else { continue }
                all += one.bytes
                row += (one.bytes + experts.count - 1) / experts.count * experts.used
            }
            most = max(most, row)
        }
        return all - min(all, most)
    }

    /// Nanoseconds that a device's step waits for its disk.
    private func disk(_ stage: Stage, of stages: [Stage]) -> Double {
        let device = capacity(stage.device)
        let experts = stage.layers.flatMap { request.model.layers[$0].weights }.filter { $0.experts != nil }
        let all = experts.reduce(0) { $0 + $1.bytes }
        let missing = min(all, bytes(on: stage.device, stages, needed: true) - device.memoryBytes)
        guard missing > 0, request.preferences.expertsOnDisk else { return 0 }
        let read = experts.reduce(0) { $0 + Double($1.bytes) * Double($1.experts!.used) / Double($1.experts!.count) }
        return nanoseconds(read * Double(missing) / Double(all) / (device.speed?.diskBytesPerSecond ?? 90e6))
    }

    private func capacity(_ name: String) -> DeviceCapacity { request.devices.first { $0.name == name }! }

    private func link(_ one: DeviceCapacity, _ other: DeviceCapacity) -> LinkSpeed {
        if one.isCoordinator || other.isCoordinator {
            return request.links.coordinatorLink(of: one.isCoordinator ? other.name : one.name) ?? .nominal
        }
        if let known = request.links.link(between: one.name, and: other.name) { return known }
        let ends = [one, other].map { request.links.coordinatorLink(of: $0.name) ?? .nominal }
        return LinkSpeed(
            roundTripSeconds: max(ends[0].roundTripSeconds, ends[1].roundTripSeconds),
            bytesPerSecond: min(ends[0].bytesPerSecond, ends[1].bytesPerSecond))
    }

    /// Follows a step along the stages.
    func value(_ ends: [Stage]) -> Value {
        var stages: [Stage] = []
        for stage in ends {
            if let last = stages.last, last.device == stage.device {
                if !stage.layers.isEmpty { stages[stages.count - 1].layers = stage.layers }
                stages[stages.count - 1].head = stage.head
            } else {
                stages.append(stage)
            }
        }
        let step = StepShape.decoding(streams: 1, history: costs.history)
        var busy: [String: Double] = [:]
        var sum = nanoseconds(CostModel.turnaround)
        var transfers = [0.0]
        func travel(_ bytes: Double, _ link: LinkSpeed) {
            transfers.append(nanoseconds(bytes / link.bytesPerSecond))
            sum += nanoseconds(link.roundTripSeconds / 2 + bytes / link.bytesPerSecond + CostModel.hopOverhead)
        }
        for (index, stage) in stages.enumerated() {
            let device = capacity(stage.device)
            let speed = CostModel.speed(device)
            if index == 0, !device.isCoordinator { travel(4, link(device, lap)) }
            var time = nanoseconds(CostModel.stageOverhead)
            if stage.embedding { time += nanoseconds(costs.embedding(speed, step)) }
            for layer in stage.layers { time += nanoseconds(costs.layer(layer, speed, step)) }
            if stage.head { time += nanoseconds(costs.head(speed, step)) }
            time += disk(stage, of: stages)
            sum += time
            busy[stage.device, default: 0] += time
            if index + 1 < stages.count {
                let link = link(device, capacity(stages[index + 1].device))
                travel(Double(costs.codec(for: link).rowBytes(width: request.model.width)), link)
            } else if !device.isCoordinator {
                travel(Double(request.model.vocabulary * 4), link(device, lap))
            }
        }
        let largest = max(busy.values.max()!, transfers.max()!)
        let streams = Double(request.preferences.streams ?? request.slots)
        return switch request.preferences.objective {
        case .latency: Value(primary: sum, secondary: 0)
        case .throughput: Value(primary: largest, secondary: sum)
        case .balanced: Value(primary: sum + (streams > 1 ? streams - 1 : 0.25) * largest, secondary: sum)
        case .energy: Value(primary: picojoules(sum: sum, busy: busy), secondary: 0)
        }
    }

    /// Watts of all devices that are used while the step lasts, and what computing adds for as long as each does.
    private func picojoules(sum: Double, busy: [String: Double]) -> Double {
        busy.reduce(0) { energy, used in
            let power = capacity(used.key).power!
            let idle = (power.idleWatts * 1000).rounded()
            return energy + idle * sum + ((power.busyWatts * 1000).rounded() - idle) * used.value
        }
    }
}
