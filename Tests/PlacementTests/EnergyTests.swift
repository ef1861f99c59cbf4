import Placement
import Testing

@Suite("Placing for energy")
struct EnergyTests {
    /// A device of 40 MB that reads so many bytes per second and takes so many watts.
    private func device(_ name: String, reads: Double, watts: (Double, Double)?) -> DeviceCapacity {
        DeviceCapacity(
            name: name, memoryBytes: 40_000_000, speed: DeviceSpeed(readBytesPerSecond: reads),
            power: watts.flatMap { DevicePower(idleWatts: $0.0, busyWatts: $0.1) })
    }

    private let own = DeviceCapacity(
        name: "lap", memoryBytes: 1 << 40, isCoordinator: true, power: DevicePower(idleWatts: 1, busyWatts: 2))

    private func request(_ devices: [DeviceCapacity]) -> PlacementRequest {
        PlacementRequest(
            devices: [own] + devices, model: model([4_000_000, 4_000_000, 4_000_000]), context: 100, slots: 1,
            preferences: PlanningPreferences(objective: .energy))
    }

    @Test func `a slow device that takes little is chosen, and for latency the fast one`() throws {
        let devices = [
            device("fast", reads: 20e9, watts: (30, 90)), device("slow", reads: 10e9, watts: (2, 6)),
        ]
        let sparing = try place(request(devices))
        #expect(text(sparing) == ["lap:e", "slow:0-2", "lap:h"])
        #expect(sparing.unused.first?.reason.contains("more joules per token") == true)
        let quick = try place(request(devices).with { $0.preferences.objective = .latency })
        #expect(text(quick) == ["lap:e", "fast:0-2", "lap:h"])
        #expect(try #require(sparing.prediction.joulesPerToken) < quick.prediction.joulesPerToken!)
    }

    @Test func `idle watts speak against many devices`() throws {
        let devices = (0..<3).map { device("pi\($0)", reads: 10e9, watts: (3, 7)) }
        #expect(text(try place(request(devices))) == ["lap:e", "pi0:0-2", "lap:h"])
    }

    @Test func `joules per token are what the stages say`() throws {
        let plan = try place(request([device("pi", reads: 10e9, watts: (3, 7))]))
        let step = plan.prediction.stepSeconds
        let own = plan.stages.filter { $0.device == "lap" }.reduce(0) { $0 + $1.stepSeconds }
        let pi = plan.stages.filter { $0.device == "pi" }.reduce(0) { $0 + $1.stepSeconds }
        let joules = (1 + 3) * step + (2 - 1) * own + (7 - 3) * pi
        #expect(abs(try #require(plan.prediction.joulesPerToken) - joules) < 1e-12)
    }

    @Test func `what is declared counts before what was measured`() throws {
        let devices = [
            device("a", reads: 10e9, watts: (3, 7)), device("b", reads: 10e9, watts: (2, 6)),
        ]
        #expect(text(try place(request(devices)))[1] == "b:0-2")
        let declared = request(devices).with { $0.preferences.watts["a"] = DevicePower(idleWatts: 1, busyWatts: 2) }
        #expect(text(try place(declared))[1] == "a:0-2")
    }

    @Test func `without watts of a device that may be used it is refused`() throws {
        let devices = [
            device("a", reads: 10e9, watts: nil), device("b", reads: 10e9, watts: (2, 6)),
        ]
        #expect(throws: PlacementError.unknownPower(["a"])) { try place(request(devices)) }
        let message = PlacementError.unknownPower(["a"]).description
        #expect(message.contains("--watts a=2.7/6.8") && message.contains("watts: {idle: 2.7, busy: 6.8}"))
        #expect(throws: Never.self) { try place(request(devices).with { $0.preferences.excluded = ["a"] }) }
        // For other objectives nobody asks.
        let plan = try place(request(devices).with { $0.preferences.objective = .throughput })
        #expect(plan.prediction.joulesPerToken == nil)
    }

    @Test func `what does not fit is told as ever`() {
        let devices = [device("a", reads: 10e9, watts: (2, 6))]
        let big = request(devices).with { $0.model = model([30_000_000, 30_000_000]) }
        #expect {
            try place(big)
        } throws: { error in
            guard case PlacementError.doesNotFit(let shortfall) = error else { return false }
            return shortfall.extraDeviceBytes != nil
        }
    }

    @Test func `watts that no device takes are none`() {
        #expect(DevicePower(idleWatts: -1, busyWatts: 2) == nil)
        #expect(DevicePower(idleWatts: 3, busyWatts: 2) == nil)
        #expect(DevicePower(idleWatts: 0, busyWatts: 0) == nil)
        #expect(DevicePower(idleWatts: 0, busyWatts: .nan) == nil)
        #expect(DevicePower(idleWatts: 1, busyWatts: 1e9) == nil)
        #expect(DevicePower(idleWatts: 0, busyWatts: 5)?.joules(seconds: 2, busy: 1) == 5)
    }

    @Test func `of many different devices the search ends, and finds no less than one device alone`() throws {
        let devices = (0..<10).map {
            device("pi\($0)", reads: 4e9 + 1e9 * Double($0), watts: (1 + 0.3 * Double($0), 4 + 0.7 * Double($0)))
        }
        let plan = try place(request(devices))
        #expect(plan.search.isExact)
        for one in devices {
            let alone = try place(request([one]))
            #expect(try #require(plan.prediction.joulesPerToken) <= alone.prediction.joulesPerToken!, "\(one.name)")
        }
    }
}
