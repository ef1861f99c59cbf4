import Testing

import Placement

/// A model of equal layers of 10 bytes, without KV cache or scratch, with an embedding and a head of 1 byte.
private func plain(layers: Int) -> ModelSizes {
    ModelSizes(
        layerBytes: Array(repeating: 10, count: layers), embeddingBytes: 1, headBytes: 1, tiedEmbedding: false,
        keyValueBytesPerPositionPerLayer: 0, scratchBytes: 0)
}

private let coordinator = DeviceCapacity(name: "lap", memoryBytes: 100_000, isCoordinator: true)

private func device(_ name: String, _ bytes: Int) -> DeviceCapacity { DeviceCapacity(name: name, memoryBytes: bytes) }

/// `name:first-last` per stage, with `e` and `h` for the embedding and the head.
private func text(_ plan: PlacementPlan) -> [String] {
    plan.stages.map { stage in
        let layers = stage.layers.isEmpty ? "" : "\(stage.layers.lowerBound)-\(stage.layers.upperBound - 1)"
        return "\(stage.device):\(stage.embedding ? "e" : "")\(layers)\(stage.head ? "h" : "")"
    }
}

private func placed(_ devices: [DeviceCapacity], layers: Int, pins: [String] = []) throws -> [String] {
    try text(
        place(
            PlacementRequest(
                devices: devices, model: plain(layers: layers), context: 1, slots: 1,
                pins: pins.map { try Pin(parsing: $0) })))
}

@Suite("Placement")
struct PlaceTests {
    @Test func `without other devices everything is one stage on the coordinator`() throws {
        #expect(try placed([coordinator], layers: 30) == ["lap:e0-29h"])
    }

    @Test func `layers go to the workers in proportion to their memory`() throws {
        let devices = [coordinator, device("pi1", 1000), device("pi2", 500), device("pi3", 1000)]
        #expect(try placed(devices, layers: 30) == ["lap:e", "pi1:0-11", "pi2:12-17", "pi3:18-29", "lap:h"])
    }

    @Test func `five equal workers get six layers each`() throws {
        let devices = [coordinator] + (1...5).map { device("pi\($0)", 1000) }
        #expect(
            try placed(devices, layers: 30)
                == ["lap:e", "pi1:0-5", "pi2:6-11", "pi3:12-17", "pi4:18-23", "pi5:24-29", "lap:h"])
    }

    @Test func `a pinned device holds exactly its layers and stands where they are`() throws {
        let devices = [coordinator, device("pi1", 1000), device("pi2", 1000), device("pi3", 1000)]
        #expect(
            try placed(devices, layers: 30, pins: ["20-29=pi1"]) == [
                "lap:e", "pi2:0-9", "pi3:10-19", "pi1:20-29", "lap:h",
            ])
        #expect(
            try placed(devices, layers: 30, pins: ["10-13=pi1"]) == [
                "lap:e", "pi2:0-9", "pi1:10-13", "pi3:14-29", "lap:h",
            ])
        #expect(
            try placed(devices, layers: 30, pins: ["0-2=pi1", "3=pi1", "29=pi2"])
                == ["lap:e", "pi1:0-3", "pi3:4-28", "pi2:29-29", "lap:h"])
    }

    @Test func `a pinned device takes neighbouring layers only when nobody else can`() throws {
        let devices = [coordinator, device("pi1", 1000), device("pi2", 1000)]
        #expect(
            try placed(devices, layers: 30, pins: ["0-9=pi1", "20-29=pi2"]) == [
                "lap:e", "pi1:0-14", "pi2:15-29", "lap:h",
            ])
    }

    @Test func `the coordinator gets layers when pinned, merged with the embedding where adjacent`() throws {
        let devices = [coordinator, device("pi1", 1000)]
        #expect(try placed(devices, layers: 30, pins: ["0-3=lap"]) == ["lap:e0-3", "pi1:4-29", "lap:h"])
        #expect(try placed(devices, layers: 30, pins: ["28-29=lap"]) == ["lap:e", "pi1:0-27", "lap:28-29h"])
        #expect(try placed(devices, layers: 30, pins: ["0-29=lap"]) == ["lap:e0-29h"])
    }

    @Test func `the embedding and the head can be pinned`() throws {
        let devices = [coordinator, device("pi1", 1000), device("pi2", 1000)]
        #expect(
            try placed(devices, layers: 30, pins: ["embedding=pi1", "head=pi2"]) == ["pi1:e0-14", "pi2:15-29h"])
        #expect(
            try placed(devices, layers: 30, pins: ["embedding=pi2", "head=pi1"])
                == ["pi2:e", "pi1:0-14", "pi2:15-29", "pi1:h"])
    }

    @Test func `rounding never exceeds a budget`() throws {
        // In proportion pi1 would get 1.5 of 3 layers; it has room for one only.
        let devices = [coordinator, device("pi1", 19), device("pi2", 20)]
        #expect(try placed(devices, layers: 3) == ["lap:e", "pi1:0-0", "pi2:1-2", "lap:h"])
    }

    @Test func `a tied head beside the embedding takes no second copy`() throws {
        let model = ModelSizes(
            layerBytes: [10, 10], embeddingBytes: 100, headBytes: 104, tiedEmbedding: true,
            keyValueBytesPerPositionPerLayer: 2, scratchBytes: 7)
        let both = PlacementRequest(
            devices: [DeviceCapacity(name: "lap", memoryBytes: 1000, isCoordinator: true), device("pi1", 500)],
            model: model,
            context: 3, slots: 2)
        let stages = try place(both).stages
        #expect(stages.map(\.weightBytes) == [100, 20, 4])
        #expect(stages.map(\.keyValueBytes) == [0, 24, 0])
        #expect(stages.map(\.scratchBytes) == [7, 7, 0])
        #expect(stages.map(\.headroomBytes) == [1000 - 111, 500 - 51, 1000 - 111])

        var apart = both
        apart.headDevice = "pi1"
        #expect(try place(apart).stages.map(\.weightBytes) == [100, 124])
    }

    @Test func `a device without work says why`() throws {
        let devices = [coordinator, device("pi1", 1000), device("pi2", 5)]
        let plan = try place(PlacementRequest(devices: devices, model: plain(layers: 3), context: 1, slots: 1))
        #expect(plan.unused.map(\.device) == ["pi2"])
        #expect(plan.unused[0].reason.contains("5 B is less than the 10 B"))
    }
}

@Suite("Placement refusals")
struct PlaceRefusalTests {
    private func refusal(_ devices: [DeviceCapacity], layers: Int, pins: [String]) throws -> PlacementError {
        let pins = try pins.map { try Pin(parsing: $0) }
        return try #require(throws: PlacementError.self) {
            try place(
                PlacementRequest(devices: devices, model: plain(layers: layers), context: 1, slots: 1, pins: pins))
        }
    }

    private let pair = [coordinator, device("pi1", 1000), device("pi2", 1000)]

    @Test func `contradictions are named`() throws {
        #expect(try refusal(pair, layers: 30, pins: ["0-9=pi7"]).description.contains("known are lap, pi1, pi2"))
        #expect(
            try refusal(pair, layers: 30, pins: ["0-9=pi1", "9-12=pi2"])
                == .overlappingPins(Pin(layers: 0...9, device: "pi1"), Pin(layers: 9...12, device: "pi2")))
        #expect(
            try refusal(pair, layers: 30, pins: ["25-30=pi1"])
                == .layerOutOfRange(Pin(layers: 25...30, device: "pi1"), layerCount: 30))
        #expect(
            try refusal(pair, layers: 30, pins: ["0-4=pi1", "8-9=pi1"])
                == .notContiguous(device: "pi1", first: 0..<5, second: 8..<10))
        #expect(
            try refusal(pair, layers: 30, pins: ["head=pi1", "head=pi2"])
                == .overlappingPins(Pin(.head, device: "pi1"), Pin(.head, device: "pi2")))
        #expect(try refusal(pair + [device("pi1", 1)], layers: 30, pins: []) == .duplicateDevice("pi1"))
        #expect(try refusal([device("pi1", 1000)], layers: 30, pins: []) == .noCoordinator)
    }

    @Test func `layers that do not fit name the shortfall and the mends`() throws {
        let model = ModelSizes(
            layerBytes: Array(repeating: 10, count: 10), embeddingBytes: 1, headBytes: 1, tiedEmbedding: false,
            keyValueBytesPerPositionPerLayer: 1, scratchBytes: 5)
        // A layer takes 10 + 4 * 5 = 30; each device holds (125 - 5) / 30 = 4; two of ten layers are left.
        let request = PlacementRequest(
            devices: [coordinator, device("pi1", 125), device("pi2", 125)], model: model, context: 5, slots: 4)
        let error = try #require(throws: PlacementError.self) { try place(request) }
        #expect(
            error
                == .doesNotFit(
                    .init(
                        missingBytes: 60, layerBytes: 300, roomBytes: 240, fittingContext: 3, fittingSlots: 2,
                        extraDeviceBytes: 65)))
    }

    @Test func `the named mends are exact`() throws {
        let model = ModelSizes(
            layerBytes: [7, 12, 9, 30, 4, 18], embeddingBytes: 1, headBytes: 1, tiedEmbedding: false,
            keyValueBytesPerPositionPerLayer: 1, scratchBytes: 3)
        let request = PlacementRequest(
            devices: [coordinator, device("pi1", 40), device("pi2", 64)], model: model, context: 6, slots: 2)
        guard
            case .doesNotFit(let shortfall) = try #require(
                throws: PlacementError.self, performing: { try place(request) })
        else {
            Issue.record("another error")
            return
        }
        func fits(_ change: (inout PlacementRequest) -> Void) -> Bool {
            var changed = request
            change(&changed)
            return (try? place(changed)) != nil
        }
        let extra = try #require(shortfall.extraDeviceBytes)
        #expect(fits { $0.devices.append(device("more", extra)) })
        #expect(!fits { $0.devices.append(device("more", extra - 1)) })
        let context = try #require(shortfall.fittingContext)
        #expect(fits { $0.context = context })
        #expect(!fits { $0.context = context + 1 })
        #expect(shortfall.fittingSlots == nil)
        #expect(!fits { $0.slots = 1 })
    }

    @Test func `one part too large for its device is named`() throws {
        let small = [DeviceCapacity(name: "lap", memoryBytes: 1, isCoordinator: true), device("pi1", 1000)]
        #expect(
            try refusal(small, layers: 3, pins: []).description.contains(
                "the embedding with the head and scratch on lap takes 2 B"))
        let pinned = [coordinator, device("pi1", 25), device("pi2", 1000)]
        guard case .deviceTooSmall("pi1", _, 30, 25) = try refusal(pinned, layers: 9, pins: ["0-2=pi1"]) else {
            Issue.record("another error")
            return
        }
    }

    @Test func `sizes that overflow are refused`() throws {
        let model = ModelSizes(
            layerBytes: [Int.max, 1], embeddingBytes: 0, headBytes: 0, tiedEmbedding: false,
            keyValueBytesPerPositionPerLayer: 0,
            scratchBytes: 0)
        for (model, context) in [(model, 1), (plain(layers: 2), -1)] {
            let request = PlacementRequest(devices: [coordinator], model: model, context: context, slots: 1)
            guard case .invalidSize = try #require(throws: PlacementError.self, performing: { try place(request) })
            else {
                Issue.record("another error")
                return
            }
        }
        let cache = ModelSizes(
            layerBytes: [1], embeddingBytes: 0, headBytes: 0, tiedEmbedding: false,
            keyValueBytesPerPositionPerLayer: .max / 2, scratchBytes: 0)
        #expect(throws: PlacementError.self) {
            try place(PlacementRequest(devices: [coordinator], model: cache, context: 4096, slots: 4))
        }
    }
}
