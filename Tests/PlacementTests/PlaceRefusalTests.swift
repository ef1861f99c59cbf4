import Placement
import Testing

@Suite("Placement refusals")
struct PlaceRefusalTests {
    private let pair = [lap, device("pi1", 1000), device("pi2", 1000)]

    private func refusal(
        _ devices: [DeviceCapacity], layers: Int, pins: [String] = [], _ preferences: PlanningPreferences = .init()
    ) throws -> PlacementError {
        let request = PlacementRequest(
            devices: devices, model: model(Array(repeating: 10, count: layers)), context: 1, slots: 1,
            pins: try pins.map { try Pin(parsing: $0) }, preferences: preferences)
        return try #require(throws: PlacementError.self) { try place(request) }
    }

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
        #expect(try refusal(pair + [device("pi1", 1)], layers: 30) == .duplicateDevice("pi1"))
        #expect(try refusal([device("pi1", 1000)], layers: 30) == .noCoordinator)
        #expect(
            try refusal(pair, layers: 30, pins: ["0=pi1"], .init(excluded: ["pi1"]))
                == .excludedDevice(Pin(layers: 0...0, device: "pi1")))
        #expect(try refusal(pair, layers: 30, .init(excluded: ["pi9"])).description.contains("'pi9'"))
        for wrong in [
            PlanningPreferences(excluded: ["lap", "pi1", "pi2"]), .init(streams: 0), .init(maximumDevices: 0),
        ] {
            guard case .invalidSize = try refusal(pair, layers: 30, wrong) else {
                Issue.record("\(wrong) was taken")
                continue
            }
        }
        #expect(
            try refusal(pair, layers: 30, pins: ["0=pi1", "1=pi2"], .init(maximumDevices: 1)).description
                .contains("pinned to 2 devices"))
    }

    @Test func `a codec that the width does not go with is refused`() throws {
        var request = PlacementRequest(devices: pair, model: model([1], width: 40), context: 1, slots: 1)
        request.preferences.codec = .always(.q8)
        #expect(throws: PlacementError.self) { try place(request) }
        request.preferences.codec = .automatic
        #expect(try place(request).stages.count == 3)
    }

    @Test func `layers that do not fit name the shortfall and the mends`() throws {
        // A layer takes 10 + 4 * 5 = 30; each device holds (125 - 5) / 30 = 4; two of ten layers are left. Its ten weights would take
        // 3.3 bytes in Q2_K, with which five fit on each.
        let request = PlacementRequest(
            devices: [lap, device("pi1", 125), device("pi2", 125)],
            model: model(Array(repeating: 10, count: 10), keyValues: 1, scratch: 5), context: 5, slots: 4)
        let error = try #require(throws: PlacementError.self) { try place(request) }
        #expect(
            error
                == .doesNotFit(
                    .init(
                        missingBytes: 60, layerBytes: 300, roomBytes: 240, fittingContext: 3, fittingSlots: 2,
                        smallKeyValuesFit: false, fittingQuantization: "Q2_K", extraDeviceBytes: 65)))
    }

    @Test func `one part too large for its device is named`() throws {
        let small = [DeviceCapacity(name: "lap", memoryBytes: 1, isCoordinator: true), device("pi1", 1000)]
        #expect(
            try refusal(small, layers: 3, pins: ["embedding=lap", "head=lap"]).description.contains(
                "the embedding with the head and scratch on lap takes 2 B"))
        let pinned = [lap, device("pi1", 25), device("pi2", 1000)]
        guard case .deviceTooSmall("pi1", _, 30, 25, _) = try refusal(pinned, layers: 9, pins: ["0-2=pi1"]) else {
            Issue.record("another error")
            return
        }
    }

    @Test func `a disk that is too small for what is pinned to its device is named`() throws {
        let small = DeviceCapacity(name: "pi1", memoryBytes: 1000, diskBytes: 25)
        let error = try refusal([lap, small, device("pi2", 1000)], layers: 9, pins: ["0-2=pi1"])
        guard case .diskTooSmall("pi1", _, let needed, 25) = error else {
            Issue.record("another error: \(error)")
            return
        }
        #expect(needed > 25)
        #expect(error.description.contains("layers 0-2 as pinned on pi1 takes"), "\(error)")
    }

    @Test func `sizes that overflow are refused`() throws {
        for (model, context) in [
            (model([Int.max, 1]), 1), (model([10, 10]), -1), (model([1], keyValues: .max / 2), 4096),
        ] {
            let request = PlacementRequest(devices: [lap], model: model, context: context, slots: 1)
            guard case .invalidSize = try #require(throws: PlacementError.self, performing: { try place(request) })
            else {
                Issue.record("another error")
                return
            }
        }
    }
}
