import Placement
import Testing

/// Devices that hold more experts than their memory takes.
@Suite struct ExpertsOnDiskTests {
    /// Layers of 100 bytes, 80 of them eight experts of which a row takes two.
    private static let layer = PartSize([
        WeightBytes(elementType: 2, elements: 20, bytes: 20),
        WeightBytes(elementType: 2, elements: 80, bytes: 80, experts: .init(count: 8, used: 2)),
    ])

    private func request(
        memory: [Int], layers: Int = 4, onDisk: Bool = true, disk: Double? = 1e3, context: Int = 10
    ) -> PlacementRequest {
        let speed = DeviceSpeed(readBytesPerSecond: 1e9, diskBytesPerSecond: disk)
        return PlacementRequest(
            devices: [lap]
                + memory.enumerated().map {
                    DeviceCapacity(name: "pi\($0 + 1)", memoryBytes: $1, speed: speed)
                },
            model: ModelSizes(
                layers: Array(repeating: Self.layer, count: layers), embedding: PartSize([]), head: PartSize([]),
                tiedEmbedding: false, width: 32, vocabulary: 10, keyValueBytesPerPositionPerLayer: 1, scratchBytes: 5),
            context: context, slots: 1, preferences: PlanningPreferences(codec: .always(.f32), expertsOnDisk: onDisk))
    }

    private func refusal(_ request: PlacementRequest) throws -> PlacementError {
        try #require(throws: PlacementError.self) { try place(request) }
    }

    @Test func `what memory has no room for stays on disk, and a step waits for its share of what it takes`() throws {
        // Four layers with their caches are 440 bytes, and the buffers 5: of 320 of experts 80 find no room.
        let plan = try place(request(memory: [365]))
        let stage = try #require(plan.stages.first { $0.device == "pi1" })
        #expect(stage.weightBytes == 400 && stage.expertBytesOnDisk == 80)
        #expect(stage.usedBytes == 365 && stage.headroomBytes == 0)
        // A row takes a quarter of the experts, 80 bytes, and a quarter of these lie on the disk.
        #expect(abs(stage.diskSeconds - 20 / 1e3) < 1e-12)
        #expect(abs(plan.prediction.diskSeconds - 20 / 1e3) < 1e-12 && plan.prediction.isBoundByDisk)
        #expect(plan.notes.contains { $0.contains("80 B of the 320 B of experts on pi1 stay on its disk") })
        #expect(plan.prediction.unmeasuredDisks == [])
        let whole = try place(request(memory: [445]))
        #expect(whole.stages.allSatisfy { $0.expertBytesOnDisk == 0 } && whole.prediction.diskSeconds == 0)
        #expect(whole.notes == [])
    }

    @Test func `all else must fit, and the experts that a row takes of one layer`() throws {
        // 4 x (20 + 10) + 5, and 20 of experts.
        let least = try place(request(memory: [145]))
        #expect(least.stages.first { $0.device == "pi1" }?.expertBytesOnDisk == 300)
        guard case .doesNotFit(let shortfall) = try refusal(request(memory: [144])) else {
            Issue.record("another refusal")
            return
        }
        #expect(shortfall.layerBytes == 140 && !shortfall.expertsOnDiskFit)
    }

    @Test func `nothing stays on disk unasked, and the refusal names the option where it would help`() throws {
        guard case .doesNotFit(let shortfall) = try refusal(request(memory: [365], onDisk: false)) else {
            Issue.record("another refusal")
            return
        }
        #expect(shortfall.expertsOnDiskFit && shortfall.description.contains("--experts-on-disk"))
        guard case .doesNotFit(let hopeless) = try refusal(request(memory: [144], onDisk: false)) else {
            Issue.record("another refusal")
            return
        }
        #expect(!hopeless.expertsOnDiskFit && !hopeless.description.contains("--experts-on-disk"))
        let pinned = request(memory: [365, 10], onDisk: false).with { $0.pins = [Pin(layers: 0...3, device: "pi1")] }
        #expect(try refusal(pinned).description.contains("--experts-on-disk"))
    }

    @Test func `memory of more devices is taken before a disk where that is faster`() throws {
        let plan = try place(request(memory: [365, 365]))
        #expect(plan.stages.allSatisfy { $0.expertBytesOnDisk == 0 })
        #expect(Set(plan.stages.map(\.device)) == ["lap", "pi1", "pi2"])
        // A disk as fast as memory is faster than a hop.
        let fast = try place(request(memory: [365, 365], disk: 1e9))
        #expect(fast.stages.contains { $0.expertBytesOnDisk == 80 })
    }

    @Test func `a disk that nobody measured is said to be so`() throws {
        let plan = try place(request(memory: [365], disk: nil))
        #expect(plan.prediction.unmeasuredDisks == ["pi1"])
        #expect(plan.notes.contains { $0.contains("not measured") })
    }

    @Test func `a disk has room for what stays there twice`() throws {
        func limited(_ bytes: Int) -> PlacementRequest {
            request(memory: [365]).with { request in
                request.devices[1] = DeviceCapacity(
                    name: "pi1", memoryBytes: 365, diskBytes: bytes, speed: request.devices[1].speed)
            }
        }
        #expect(try place(limited(800)).stages.contains { $0.expertBytesOnDisk == 80 })
        guard case .doesNotFit(let shortfall) = try refusal(limited(799)) else {
            Issue.record("another refusal")
            return
        }
        #expect(shortfall.largerDisksFit)
    }

    @Test func `more rows read more of the experts, and prompts wait longer`() throws {
        let plan = try place(request(memory: [145], context: 10))
        // A prompt of ten rows takes nearly all experts, of which 300 of 320 bytes lie on the disk.
        let share = WeightBytes.Experts(count: 8, used: 2).share(rows: 10)
        #expect(plan.prediction.promptTokens == 10)
        #expect(abs(plan.prediction.secondsToFirstToken - 300 * share / 1e3) < 5e-3)
    }
}
