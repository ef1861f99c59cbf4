import Testing

import Placement

/// Holds `place` against a twin that tries every split of small models, with other code and no cleverness.
@Suite("Placement against enumeration")
struct PlaceAgainstEnumerationTests {
    private static let layerPatterns: [[Int]] = [
        [10], [3, 9], [5, 5, 5], [1, 8, 2, 7], [6, 1, 1, 6, 3], [4, 4, 4, 4, 4, 4],
    ]
    private static let memories = [0, 6, 11, 17, 26]
    private static let scratch = 2

    /// Every split of the layers over the devices in their order; a device may get none.
    private static func splits(_ layers: Range<Int>, over count: Int) -> [[Range<Int>]] {
        if count == 1 { return [[layers]] }
        return (layers.lowerBound...layers.upperBound).flatMap { end in
            splits(end..<layers.upperBound, over: count - 1).map { [layers.lowerBound..<end] + $0 }
        }
    }

    private static func load(_ layers: Range<Int>, _ bytes: [Int]) -> Int { bytes[layers].reduce(0, +) }

    private static func imbalance(_ split: [Range<Int>], _ bytes: [Int], _ rooms: [Int]) -> Double? {
        var total = 0.0
        for (layers, room) in zip(split, rooms) where !layers.isEmpty {
            let load = load(layers, bytes)
            if load > room { return nil }
            total += Double(load) * Double(load) / Double(room)
        }
        return total
    }

    private static func request(_ bytes: [Int], _ memories: [Int], pins: [Pin] = []) -> PlacementRequest {
        PlacementRequest(
            devices: [DeviceCapacity(name: "lap", memoryBytes: 1000, isCoordinator: true)]
                + memories.enumerated().map { DeviceCapacity(name: "pi\($0)", memoryBytes: $1) },
            model: ModelSizes(
                layerBytes: bytes, embeddingBytes: 1, headBytes: 1, tiedEmbedding: false,
                keyValueBytesPerPositionPerLayer: 0,
                scratchBytes: scratch),
            context: 1, slots: 1, pins: pins)
    }

    /// The ranges of a plan by device; empty where a device has none.
    private static func ranges(_ plan: PlacementPlan, devices: Int) -> [Range<Int>] {
        (0..<devices).map { index in plan.stages.first { $0.device == "pi\(index)" }?.layers ?? 0..<0 }
    }

    @Test(arguments: layerPatterns)
    func `without pins a split that fits is found, and the nearest to proportional`(bytes: [Int]) {
        for first in Self.memories {
            for second in Self.memories {
                for third in Self.memories {
                    let memories = [first, second, third]
                    let rooms = memories.map { $0 - Self.scratch }
                    let best = Self.splits(0..<bytes.count, over: 3).compactMap { Self.imbalance($0, bytes, rooms) }
                        .min()
                    let plan = try? place(Self.request(bytes, memories))
                    #expect((plan == nil) == (best == nil), "\(bytes) over \(memories)")
                    guard let plan, let best else { continue }
                    let found = Self.imbalance(Self.ranges(plan, devices: 3), bytes, rooms)
                    #expect(found.map { $0 <= best * (1 + 1e-12) } == true, "\(bytes) over \(memories)")
                    expectSound(plan, bytes)
                }
            }
        }
    }

    @Test(arguments: layerPatterns)
    func `a pinned run of layers is honoured whenever any split does`(bytes: [Int]) {
        // pi0 is pinned: it may stand anywhere, the others keep their order.
        let orders = [[0, 1, 2], [1, 0, 2], [1, 2, 0]]
        for memories in [[26, 11, 17], [17, 26, 6], [11, 6, 26], [26, 26, 26], [17, 0, 11]] {
            for first in bytes.indices {
                for last in first..<bytes.count {
                    let fits = orders.contains { order in
                        Self.splits(0..<bytes.count, over: 3).contains { split in
                            let mine = split[order.firstIndex(of: 0) ?? 0]
                            return mine.lowerBound <= first && mine.upperBound > last
                                && Self.imbalance(split, bytes, order.map { memories[$0] - Self.scratch }) != nil
                        }
                    }
                    let plan = try? place(
                        Self.request(bytes, memories, pins: [Pin(layers: first...last, device: "pi0")]))
                    #expect((plan != nil) == fits, "\(bytes) over \(memories), \(first)-\(last)=pi0")
                    guard let plan else { continue }
                    let mine = Self.ranges(plan, devices: 3)[0]
                    #expect(mine.lowerBound <= first && mine.upperBound > last)
                    expectSound(plan, bytes)
                }
            }
        }
    }

    /// Every layer once and in order, budgets kept, sums right, every device either used or explained.
    private func expectSound(_ plan: PlacementPlan, _ bytes: [Int]) {
        #expect(plan.stages.first?.embedding == true && plan.stages.last?.head == true)
        #expect(plan.stages.flatMap { Array($0.layers) } == Array(bytes.indices))
        for stage in plan.stages {
            let mine = plan.stages.filter { $0.device == stage.device }
            #expect(stage.headroomBytes == stage.memoryBytes - mine.reduce(0) { $0 + $1.usedBytes })
            #expect(stage.headroomBytes >= 0)
            #expect(mine.reduce(0) { $0 + $1.scratchBytes } == Self.scratch)
        }
        let used = Set(plan.stages.map(\.device))
        #expect(used.union(plan.unused.map(\.device)) == ["lap", "pi0", "pi1", "pi2"])
        #expect(used.isDisjoint(with: plan.unused.map(\.device)))
    }
}
