import Placement
import Testing

/// Layers that one device must hold together, and rows that are wider before some layers than before others.
@Suite("Undivided layers")
struct UndividedLayersTests {
    private func request(_ devices: [DeviceCapacity], pins: [String] = []) throws -> PlacementRequest {
        var sizes = model(Array(repeating: 10, count: 6))
        sizes.undivided = [2..<5]
        return PlacementRequest(
            devices: devices, model: sizes, context: 1, slots: 1, pins: try pins.map { try Pin(parsing: $0) })
    }

    @Test func `they go to one device, and the plan says so`() throws {
        // Each has room for three layers, so that 0-2 and 3-5 would do without the run.
        let plan = try place(request([lap, device("pi1", 35), device("pi2", 35), device("pi3", 35)]))
        let holder = try #require(plan.stages.first { $0.layers.contains(2) })
        #expect(holder.layers.contains(4) && plan.stages.count { !$0.layers.isEmpty } == 3)
        #expect(plan.notes.contains { $0.contains("layers 2-4 share keys and values") })
        #expect(throws: PlacementError.self) { try place(request([lap, device("pi1", 35), device("pi2", 35)])) }
    }

    @Test func `a device that is too small for them is named with what it lacks`() throws {
        let error = try #require(throws: PlacementError.self) {
            try place(request([lap, device("pi1", 25), device("pi2", 28), device("pi3", 25)]))
        }
        #expect(error.description.contains("layers 2-4, which stay together") && error.description.contains("pi2"))
    }

    @Test func `a pin that divides them is refused`() throws {
        let devices = [lap, device("pi1", 100), device("pi2", 100)]
        for pin in ["0-2=pi1", "3=pi1", "4-5=pi1"] {
            let error = try #require(throws: PlacementError.self) { try place(request(devices, pins: [pin])) }
            #expect(error.description.contains("divides the layers 2-4"), "\(pin)")
        }
        for pin in ["0-4=pi1", "2-4=pi1", "5=pi1"] { _ = try place(request(devices, pins: [pin])) }
    }

    @Test func `a hop takes what the rows of its cut weigh`() throws {
        var sizes = model(Array(repeating: 10, count: 6), width: 64)
        sizes.sideWidth = 32
        let request = PlacementRequest(devices: [lap, device("pi1", 100)], model: sizes, context: 1, slots: 1)
        let costs = CostModel(request), link = LinkSpeed(roundTripSeconds: 0, bytesPerSecond: 4)
        #expect(costs.transfer(rows: 1, .f32, link, before: 0) == 64 + 6 * 32)
        #expect(costs.transfer(rows: 2, .f32, link, before: 6) == 128)
        #expect(costs.transfer(rows: 1, .f32, link) == 64 + 5 * 32)
    }
}
