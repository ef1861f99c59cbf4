import Placement
import TestSupport
import Testing

/// How much is searched: counts, which are the same on every machine.
@Suite("The size of the search")
struct SearchSizeTests {
    private func request(_ devices: [DeviceCapacity], layers: Int) -> PlacementRequest {
        PlacementRequest(
            devices: [lap] + devices, model: model(Array(repeating: 100_000_000, count: layers), width: 4096),
            context: 64, slots: 8)
    }

    @Test func `sixteen equal devices are one group, and eighty layers a few thousand states`() throws {
        let plan = try place(request((1...16).map { device("pi\($0)", 1 << 30) }, layers: 80))
        #expect(plan.search.isExact && plan.search.groups == 1)
        // In a pass of the search sixteen states (how many devices are used) with 0 to 80 layers each.
        #expect(plan.search.cells <= plan.search.passes * 16 * 81)
        #expect(plan.search.passes < 120)
        #expect(plan.stages.count == 18 && plan.stages.allSatisfy { $0.layers.isEmpty || $0.layers.count == 5 })
        #expect(plan.stages.dropFirst().dropLast().map(\.device) == (1...16).map { "pi\($0)" })
    }

    @Test func `eight different devices are searched exactly`() throws {
        let devices = (1...8).map { device("pi\($0)", (3 + $0) << 28, reads: 4e9 + Double($0) * 0.7e9) }
        let plan = try place(request(devices, layers: 80))
        #expect(plan.search.isExact && plan.search.groups == 8)
        // 255 sets of devices, each with as many states as it has devices: 1024, and 0 to 80 layers.
        #expect(plan.search.cells <= plan.search.passes * 1024 * 81)
        #expect(plan.search.passes < 400)
    }

    @Test func `sixteen devices that measured a little differently are grouped, and the plan says so`() throws {
        var random = SeededGenerator(seed: 3)
        let devices = (1...16).map {
            device("pi\($0)", (1 << 30) + $0 * 4096, reads: 11.4e9 * Double.random(in: 0.97...1.03, using: &random))
        }
        let request = request(devices, layers: 80).with { $0.preferences.objective = .throughput }
        let plan = try place(request)
        #expect(!plan.search.isExact && plan.search.groups < 16)
        #expect(plan.notes.contains { $0.contains("too many different devices") })
        #expect(plan.search.cells <= plan.search.passes << 21)
        // Nothing is lost: five layers on each, the slowest of which sets the pace.
        let layers = 5 * 100_000_000 / devices.map { $0.speed!.readBytesPerSecond }.min()!
        #expect(plan.prediction.largestSeconds < layers + 1e-3)
    }

    @Test func `a head that is slower than all stages does not make the search endless`() throws {
        var random = SeededGenerator(seed: 4)
        let devices = (1...16).map {
            device("pi\($0)", (1 << 30) + $0 * 4096, reads: 11.4e9 * Double.random(in: 0.97...1.03, using: &random))
        }
        for objective in PlacementObjective.allCases {
            var request = request(devices, layers: 80)
            request.devices[0] = DeviceCapacity(
                name: "lap", memoryBytes: 1 << 40, isCoordinator: true, speed: DeviceSpeed(readBytesPerSecond: 1))
            request.preferences.objective = objective
            request.declareWatts()
            #expect(try place(request).search.passes < 400)
            request.devices.removeLast(8)
            let few = try place(request)
            #expect(few.search.isExact && few.search.passes < 400)
        }
    }

    @Test func `a model that needs all of many different devices is placed`() throws {
        let devices = (1...14).map { device("pi\($0)", $0 * 100_000_000 + 5, reads: 1e9 * Double($0)) }
        let plan = try place(request(devices, layers: 100).with { $0.preferences.objective = .latency })
        #expect(!plan.search.isExact)
        #expect(plan.stages.flatMap { Array($0.layers) } == Array(0..<100))
    }
}
