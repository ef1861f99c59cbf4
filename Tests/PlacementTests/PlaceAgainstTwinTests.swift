import Placement
import TestSupport
import Testing

/// Holds `place` against `TwinPlanner` on seeded random clusters.
@Suite("Placement against trying everything")
struct PlaceAgainstTwinTests {
    /// A small cluster in which equal devices, tight memory and wishes of every kind are frequent.
    private func request(_ random: inout SeededGenerator) -> PlacementRequest {
        func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }
        let layers = Int.random(in: 1...6, using: &random)
        let even = chance(0.3)
        let sizes = (0..<layers).map { _ in even ? 4_000_000 : Int.random(in: 1...9, using: &random) * 1_000_000 }
        let links = [
            LinkSpeed(roundTripSeconds: 0.2e-3, bytesPerSecond: 117e6),
            LinkSpeed(roundTripSeconds: 3e-3, bytesPerSecond: 2e6),
            LinkSpeed(roundTripSeconds: 0.5e-3, bytesPerSecond: 12e6),
        ]
        let speeds =
            [DeviceSpeed?.none, DeviceSpeed(readBytesPerSecond: 4e9)] + [
                DeviceSpeed(
                    readBytesPerSecond: 11e9,
                    products: [1, 8].flatMap { rows in
                        [2, 8].map { ProductSpeed(elementType: $0, rows: rows, bytesPerSecond: 9e9 / Double(rows)) }
                    })
            ]
        let memories = [9, 14, 20, 40].map { $0 * 1_000_000 }
        var devices: [DeviceCapacity] = []
        for index in 0..<Int.random(in: 1...4, using: &random) {
            devices.append(
                DeviceCapacity(
                    name: "pi\(index)", memoryBytes: memories.randomElement(using: &random)!,
                    speed: speeds.randomElement(using: &random)!))
        }
        let own = DeviceCapacity(
            name: "lap", memoryBytes: [1_000_000, 6_000_000, 16_000_000, 100_000_000].randomElement(using: &random)!,
            isCoordinator: true, speed: speeds.randomElement(using: &random)!)
        devices.insert(own, at: Int.random(in: 0...devices.count, using: &random))
        var request = PlacementRequest(
            devices: devices,
            model: model(
                sizes, embedding: 2_000_000, head: chance(0.3) ? 12_000_000 : 3_000_000, tied: chance(0.5),
                keyValues: chance(0.5) ? 500 : 0,
                scratch: chance(0.5) ? 300_000 : 0, width: 4096, vocabulary: 1000),
            context: 500, slots: Int.random(in: 1...4, using: &random))
        let uniform = chance(0.5)
        for device in devices where !device.isCoordinator && (uniform || chance(0.6)) {
            request.links.setCoordinatorLink(of: device.name, uniform ? links[0] : links.randomElement(using: &random)!)
        }
        for (index, one) in devices.enumerated() where !uniform && !one.isCoordinator {
            for other in devices[(index + 1)...] where !other.isCoordinator && chance(0.4) {
                request.links.setLink(between: one.name, and: other.name, links.randomElement(using: &random)!)
            }
        }
        if layers > 1, chance(0.3) {
            let first = Int.random(in: 0..<layers - 1, using: &random)
            request.model.undivided = [first..<Int.random(in: first + 2...layers, using: &random)]
        }
        request.preferences.objective = PlacementObjective.allCases.randomElement(using: &random)!
        request.preferences.usesCoordinator = chance(0.4)
        request.preferences.codec = chance(0.3) ? .automatic : .always(RowCodec.allCases.randomElement(using: &random)!)
        if request.preferences.objective == .energy {
            let powers = [(0.0, 4.0), (2.7, 6.8), (2.7, 6.8), (9.5, 38.25), (30.0, 30.0)]
            request.devices = request.devices.map { device in
                let (idle, busy) = powers.randomElement(using: &random)!
                return DeviceCapacity(
                    name: device.name, memoryBytes: device.memoryBytes, isCoordinator: device.isCoordinator,
                    speed: device.speed, power: DevicePower(idleWatts: idle, busyWatts: busy))
            }
        }
        if chance(0.3) { request.preferences.streams = Int.random(in: 1...20, using: &random) }
        if chance(0.25) { request.preferences.maximumDevices = Int.random(in: 1...3, using: &random) }
        if chance(0.2) { request.preferences.excluded = [devices.randomElement(using: &random)!.name] }
        if chance(0.3) {
            let first = Int.random(in: 0..<layers, using: &random)
            let last = Int.random(in: first..<layers, using: &random)
            request.pins.append(Pin(layers: first...last, device: devices.randomElement(using: &random)!.name))
            if last + 1 < layers, chance(0.4) {
                request.pins.append(
                    Pin(layers: last + 1...last + 1, device: devices.randomElement(using: &random)!.name))
            }
        }
        if chance(0.2) { request.pins.append(Pin(.embedding, device: devices.randomElement(using: &random)!.name)) }
        if chance(0.2) { request.pins.append(Pin(.head, device: devices.randomElement(using: &random)!.name)) }
        if chance(0.6) {
            let share = Int.random(in: 5...9, using: &random)
            request.model.layers = request.model.layers.map { layer in
                guard !chance(0.1) else { return layer }
                let bytes = layer.bytes * share / 10
                return PartSize([
                    WeightBytes(elementType: 2, elements: layer.bytes - bytes, bytes: layer.bytes - bytes),
                    WeightBytes(elementType: 8, elements: bytes, bytes: bytes, experts: .init(count: 8, used: 2)),
                ])
            }
            request.preferences.expertsOnDisk = chance(0.7)
            let disks = [nil, 100e6, 2e9].randomElement(using: &random)!
            let uniformDisks = chance(0.5)
            request.devices = request.devices.map { device in
                let disk = uniformDisks ? disks : [nil, 100e6, 2e9].randomElement(using: &random)!
                let speed = device.speed.map {
                    DeviceSpeed(
                        readBytesPerSecond: $0.readBytesPerSecond, products: $0.products, diskBytesPerSecond: disk)
                }
                return DeviceCapacity(
                    name: device.name, memoryBytes: device.memoryBytes, isCoordinator: device.isCoordinator,
                    speed: speed, power: device.power)
            }
        }
        return request
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `no placement is better, and one is found whenever any fits`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var placed = 0
        var refused = 0
        var onDisk = 0
        for number in 0..<250 {
            let request = request(&random)
            let twin = TwinPlanner(request)
            let plan: PlacementPlan
            do {
                plan = try place(request)
            } catch {
                switch error {
                case .doesNotFit, .deviceTooSmall, .diskTooSmall:
                    #expect(twin.best() == nil, "\(random), case \(number)")
                    refused += 1
                default: break  // wishes that contradict each other
                }
                continue
            }
            placed += 1
            if plan.stages.contains(where: { $0.expertBytesOnDisk > 0 }) { onDisk += 1 }
            let stages = plan.stages.map {
                TwinPlanner.Stage(device: $0.device, layers: $0.layers, embedding: $0.embedding, head: $0.head)
            }
            #expect(twin.value(stages) == twin.best(), "\(random), case \(number): \(text(plan))")
            expectSound(plan, request, "\(random), case \(number)")
        }
        #expect(placed > 100 && refused > 15 && onDisk > 5)
    }

    /// Every layer once and in order, budgets kept, sums right, every device either used or explained, predictions as told.
    private func expectSound(_ plan: PlacementPlan, _ request: PlacementRequest, _ which: Comment) {
        #expect(plan.search.isExact, which)
        #expect(plan.stages.first?.embedding == true && plan.stages.last?.head == true, which)
        #expect(plan.stages.flatMap { Array($0.layers) } == Array(request.model.layers.indices), which)
        for stage in plan.stages {
            let mine = plan.stages.filter { $0.device == stage.device }
            #expect(stage.headroomBytes == stage.memoryBytes - mine.reduce(0) { $0 + $1.usedBytes }, which)
            #expect(stage.headroomBytes >= 0, which)
            #expect(stage.expertBytesOnDisk == 0 || stage.headroomBytes == 0, which)
            #expect(stage.expertBytesOnDisk == 0 || request.preferences.expertsOnDisk, which)
            #expect(mine.reduce(0) { $0 + $1.scratchBytes } == request.model.scratchBytes, which)
        }
        let used = Set(plan.stages.map(\.device))
        #expect(used.union(plan.unused.map(\.device)) == Set(request.devices.map(\.name)), which)
        #expect(used.isDisjoint(with: plan.unused.map(\.device)), which)
        #expect(plan.unused.allSatisfy { !$0.reason.isEmpty }, which)
        let parts = plan.stages.reduce(CostModel.turnaround) { $0 + $1.stepSeconds + $1.hopSeconds }
        if plan.stages[0].device == "lap" { #expect(abs(parts - plan.prediction.stepSeconds) < 1e-6, which) }
        #expect(plan.prediction.tokensPerSecondOfStreams >= plan.prediction.tokensPerSecond * 0.999, which)
        #expect(plan.prediction.secondsToFirstToken > 0, which)
        #expect((plan.prediction.joulesPerToken != nil) == (plan.objective == .energy), which)
    }
}
