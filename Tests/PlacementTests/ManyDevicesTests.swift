import Placement
import TestSupport
import Testing

/// As many devices as are planned for: how much is searched then, in counts that are the same on every machine.
@Suite("As many devices as are planned for")
struct ManyDevicesTests {
    private let most = PlacementRequest.mostDevices

    private func request(_ devices: [DeviceCapacity], layers: Int = 80, own: DeviceCapacity = lap) -> PlacementRequest {
        PlacementRequest(
            devices: [own] + devices, model: model(Array(repeating: 100_000_000, count: layers), width: 4096),
            context: 64, slots: 8)
    }

    /// Devices of which no two are equal.
    private func different(_ memory: ClosedRange<Int>) -> [DeviceCapacity] {
        var random = SeededGenerator(seed: 5)
        return (1...most).map {
            device(
                "pi\($0)", Int.random(in: memory, using: &random), reads: Double.random(in: 3e9...60e9, using: &random))
        }
    }

    @Test func `more are refused`() throws {
        let equal = (1...most + 1).map { device("pi\($0)", 1 << 30) }
        let error = #expect(throws: PlacementError.self) { try place(request(equal)) }
        #expect(error?.description.contains("at most \(most)") == true)
        #expect(try place(request(Array(equal.prefix(most)))).search.isExact)
    }

    @Test(arguments: PlacementObjective.allCases) func `all different ones are planned for with bounded effort`(
        objective: PlacementObjective
    ) throws {
        var request = request(different(1 << 28...1 << 31))
        request.preferences.objective = objective
        request.declareWatts()
        let plan = try place(request)
        #expect(plan.stages.flatMap { Array($0.layers) } == Array(0..<80))
        #expect(plan.search.cells < 1 << 30)
        request.preferences.maximumDevices = 40
        let few = try place(request)
        #expect(few.stages.count { !$0.layers.isEmpty } <= 40)
        #expect(few.search.cells < 1 << 30)
    }

    @Test func `a model that needs nearly all of them is placed, and one that fits nowhere refused`() throws {
        let devices = different(1 << 27...1 << 28)
        // 100 MB a layer: one or two on each.
        let plan = try place(request(devices, layers: 126))
        #expect(plan.stages.flatMap { Array($0.layers) } == Array(0..<126))
        let error = #expect(throws: PlacementError.self) { try place(request(devices, layers: 400)) }
        guard case .doesNotFit(let shortfall)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(shortfall.missingBytes > 0)
    }

    @Test func `the embedding and the head go elsewhere where the coordinator has no room`() throws {
        let own = DeviceCapacity(name: "lap", memoryBytes: 0, isCoordinator: true)
        let plan = try place(request(different(1 << 28...1 << 31), own: own))
        #expect(plan.stages.flatMap { Array($0.layers) } == Array(0..<80))
        #expect(plan.stages[0].embedding && plan.stages[0].device != "lap")
    }
}
