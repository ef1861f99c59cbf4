import Placement
import Testing

/// A model of equal layers of 10 bytes: each takes the planner's overhead of 15 µs and a nanosecond.
private func request(
    _ devices: [DeviceCapacity], layers: Int, slots: Int = 1, pins: [String] = [],
    objective: PlacementObjective = .throughput
) throws -> PlacementRequest {
    PlacementRequest(
        devices: devices, model: model(Array(repeating: 10, count: layers)), context: 1, slots: slots,
        pins: try pins.map { try Pin(parsing: $0) }, preferences: PlanningPreferences(objective: objective))
}

private func placed(_ devices: [DeviceCapacity], layers: Int, pins: [String] = []) throws -> [String] {
    try text(place(request(devices, layers: layers, pins: pins)))
}

@Suite("Placement")
struct PlaceTests {
    @Test func `without other devices everything is one stage on the coordinator`() throws {
        #expect(try placed([lap], layers: 30) == ["lap:e0-29h"])
    }

    @Test func `equal workers get equal shares for many streams, whatever their memory`() throws {
        let devices = [lap, device("pi1", 1000), device("pi2", 500), device("pi3", 1000)]
        #expect(try placed(devices, layers: 30) == ["lap:e", "pi1:0-9", "pi2:10-19", "pi3:20-29", "lap:h"])
        let five = [lap] + (1...5).map { device("pi\($0)", 1000) }
        #expect(
            try placed(five, layers: 30)
                == ["lap:e", "pi1:0-5", "pi2:6-11", "pi3:12-17", "pi4:18-23", "pi5:24-29", "lap:h"])
        #expect(try text(place(request(five, layers: 30, slots: 16, objective: .balanced))).count == 7)
    }

    @Test func `one stream goes through no more devices than must be`() throws {
        let devices = [lap, device("pi1", 1000), device("pi2", 500), device("pi3", 1000)]
        for objective in [PlacementObjective.latency, .balanced] {
            let plan = try place(request(devices, layers: 30, objective: objective))
            #expect(text(plan) == ["lap:e", "pi1:0-29", "lap:h"])
            #expect(plan.unused.map(\.device) == ["pi2", "pi3"])
            #expect(plan.unused[0].reason == "the plan would be no faster with it")
            #expect(plan.unused[1].reason.contains("slower by"))
        }
    }

    @Test func `for its prompt one stream takes devices that cost it next to nothing`() throws {
        // Twenty layers of 10 ms, hops of 0.21 ms: of one device less than of four by half a per cent, and the prompt passes four at a time.
        var request = PlacementRequest(
            devices: [lap] + (1...4).map { device("pi\($0)", 1 << 40) },
            model: model(Array(repeating: 100_000_000, count: 20)), context: 4096, slots: 1)
        let four = try place(request)
        #expect(text(four) == ["lap:e", "pi1:0-4", "pi2:5-9", "pi3:10-14", "pi4:15-19", "lap:h"])
        request.preferences.objective = .latency
        let one = try place(request)
        #expect(text(one) == ["lap:e", "pi1:0-19", "lap:h"])
        #expect(four.prediction.stepSeconds < 1.01 * one.prediction.stepSeconds)
        #expect(four.prediction.secondsToFirstToken < 0.3 * one.prediction.secondsToFirstToken)
    }

    @Test func `where speed does not decide, memory is used evenly`() throws {
        // Two of the three must be used for one stream; of 30 layers the larger one holds two thirds.
        let devices = [lap, device("pi1", 240), device("pi2", 120), device("pi3", 50)]
        #expect(
            try text(place(request(devices, layers: 30, objective: .latency))) == [
                "lap:e", "pi1:0-19", "pi2:20-29", "lap:h",
            ])
    }

    @Test func `layers go to the workers in proportion to their speed`() throws {
        // A layer of 100 MB takes the faster one 10 ms and the slower ones 20 ms.
        let devices = [
            lap, device("pi1", 1 << 40, reads: 5e9), device("pi2", 1 << 40, reads: 10e9),
            device("pi3", 1 << 40, reads: 5e9),
        ]
        var request = PlacementRequest(
            devices: devices, model: model(Array(repeating: 100_000_000, count: 12)), context: 2, slots: 4)
        request.preferences.objective = .throughput
        let plan = try place(request)
        #expect(text(plan) == ["lap:e", "pi1:0-2", "pi2:3-8", "pi3:9-11", "lap:h"])
        // Six layers of 10 ms each and 15 µs, and a stage's 20 µs.
        #expect(abs(plan.prediction.largestSeconds - 60.11e-3) < 1e-9)
        #expect(
            plan.stages.map { ($0.stepSeconds * 1e5).rounded() } == [2, 6006.5, 6011, 6006.5, 2].map { $0.rounded() })
        request.preferences.objective = .latency
        #expect(try text(place(request)) == ["lap:e", "pi2:0-11", "lap:h"])
    }

    @Test func `balanced weighs the sum against the largest stage by the number of streams`() throws {
        // Ten layers of 1 ms or, on pi2, 2 ms; a hop of 0.21 ms. With n streams, all on pi1 cost 10 n ms and something, while k layers on
        // pi2 cost 10 + k + (n - 1) max(10 - k, 2 k) and the hop: 20.2 with k = 3 and two streams is not better, 27.2 with three is.
        let devices = [lap, device("pi1", 1 << 40, reads: 10e9), device("pi2", 1 << 40, reads: 5e9)]
        var request = PlacementRequest(
            devices: devices, model: model(Array(repeating: 10_000_000, count: 10)), context: 2, slots: 1)
        #expect(try text(place(request)) == ["lap:e", "pi1:0-9", "lap:h"])
        request.slots = 2
        #expect(try text(place(request)) == ["lap:e", "pi1:0-9", "lap:h"])
        request.slots = 3
        #expect(try text(place(request)) == ["lap:e", "pi1:0-6", "pi2:7-9", "lap:h"])
        request.preferences.streams = 1
        #expect(try text(place(request)) == ["lap:e", "pi1:0-9", "lap:h"])
    }

    @Test func `a slow link is avoided`() throws {
        var request = PlacementRequest(
            devices: [lap] + (1...3).map { device("pi\($0)", 70) }, model: model(Array(repeating: 10, count: 10)),
            context: 1, slots: 1)
        request.preferences.objective = .latency
        let slow = LinkSpeed(roundTripSeconds: 20e-3, bytesPerSecond: 1e6)
        let fast = LinkSpeed(roundTripSeconds: 0.2e-3, bytesPerSecond: 117e6)
        for name in ["pi1", "pi2", "pi3"] { request.links.setCoordinatorLink(of: name, fast) }
        request.links.setLink(between: "pi1", and: "pi2", slow)
        request.links.setLink(between: "pi2", and: "pi3", slow)
        #expect(try text(place(request)) == ["lap:e", "pi1:0-4", "pi3:5-9", "lap:h"])
    }

    @Test func `a pinned device holds exactly its layers and stands where they are`() throws {
        let devices = [lap, device("pi1", 1000), device("pi2", 1000), device("pi3", 1000)]
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
        let devices = [lap, device("pi1", 1000), device("pi2", 1000)]
        #expect(
            try placed(devices, layers: 30, pins: ["0-9=pi1", "20-29=pi2"]) == [
                "lap:e", "pi1:0-14", "pi2:15-29", "lap:h",
            ])
    }

    @Test func `the coordinator gets layers when pinned or allowed, merged with the embedding where adjacent`() throws {
        let devices = [lap, device("pi1", 1000)]
        #expect(try placed(devices, layers: 30, pins: ["0-3=lap"]) == ["lap:e0-3", "pi1:4-29", "lap:h"])
        #expect(try placed(devices, layers: 30, pins: ["28-29=lap"]) == ["lap:e", "pi1:0-27", "lap:28-29h"])
        #expect(try placed(devices, layers: 30, pins: ["0-29=lap"]) == ["lap:e0-29h"])
        var request = try request(devices, layers: 30, objective: .latency)
        request.preferences.usesCoordinator = true
        #expect(try text(place(request)) == ["lap:e0-29h"])
    }

    @Test func `the embedding and the head can be pinned`() throws {
        let devices = [lap, device("pi1", 1000), device("pi2", 1000)]
        #expect(
            try placed(devices, layers: 30, pins: ["embedding=pi1", "head=pi2"]) == ["pi1:e0-14", "pi2:15-29h"])
        #expect(
            try placed(devices, layers: 30, pins: ["embedding=pi2", "head=pi1"])
                == ["pi2:e0-14", "pi1:15-29h"])
        #expect(
            try placed(devices, layers: 30, pins: ["embedding=pi2", "head=pi1", "0=pi1"])
                == ["pi2:e", "pi1:0-0", "pi2:1-29", "pi1:h"])
    }

    @Test func `a coordinator without memory leaves the head, the embedding or both to workers, and the plan says so`()
        throws
    {
        func ends(_ memory: Int) throws -> PlacementPlan {
            var request = try request(
                [DeviceCapacity(name: "lap", memoryBytes: memory, isCoordinator: true), device("pi1", 1000)], layers: 3)
            request.model = model([10, 10, 10], embedding: 5, head: 8)
            return try place(request)
        }
        #expect(try text(ends(13)) == ["lap:e", "pi1:0-2", "lap:h"])
        #expect(try text(ends(12)) == ["lap:e", "pi1:0-2h"])
        #expect(try ends(12).notes == ["the head is on pi1: the coordinator's own device has too little memory for it"])
        #expect(try text(ends(4)) == ["pi1:e0-2h"])
        #expect(try ends(4).notes.count == 1)
    }

    @Test func `no budget is exceeded`() throws {
        // Evenly, pi1 would get 1.5 of 3 layers; it has room for one only.
        let devices = [lap, device("pi1", 19), device("pi2", 20)]
        #expect(try placed(devices, layers: 3) == ["lap:e", "pi1:0-0", "pi2:1-2", "lap:h"])
    }

    @Test func `a tied head beside the embedding takes no second copy`() throws {
        let both = PlacementRequest(
            devices: [DeviceCapacity(name: "lap", memoryBytes: 1000, isCoordinator: true), device("pi1", 500)],
            model: model([10, 10], embedding: 100, head: 104, tied: true, keyValues: 2, scratch: 7), context: 3,
            slots: 2)
        let stages = try place(both).stages
        #expect(stages.map(\.weightBytes) == [100, 20, 4])
        #expect(stages.map(\.keyValueBytes) == [0, 24, 0])
        #expect(stages.map(\.scratchBytes) == [7, 7, 0])
        #expect(stages.map(\.headroomBytes) == [1000 - 111, 500 - 51, 1000 - 111])
        let apart = both.with { $0.pins = [Pin(.head, device: "pi1")] }
        #expect(try place(apart).stages.map(\.weightBytes) == [100, 124])
    }

    @Test func `devices that hold nothing say why`() throws {
        let devices = [
            lap, device("pi1", 1000, reads: 1e9), device("pi2", 5), device("pi3", 1000),
            device("pi4", 1000, reads: 1e3),
        ]
        var request = try request(devices, layers: 3)
        request.preferences.excluded = ["pi3"]
        func reasons() throws -> [String: String] {
            Dictionary(uniqueKeysWithValues: try place(request).unused.map { ($0.device, $0.reason) })
        }
        #expect(try reasons().keys.sorted() == ["pi2", "pi3", "pi4"])
        #expect(try reasons()["pi2"]?.contains("5 B is less than the 10 B") == true)
        #expect(try reasons()["pi3"] == "it is excluded")
        #expect(try reasons()["pi4"]?.contains("slower by") == true)
        #expect(try reasons()["pi4"]?.contains("times as long for a layer") == true)
        request.preferences.excluded = []
        request.preferences.maximumDevices = 1
        #expect(try reasons()["pi1"]?.contains("at most 1 devices may hold layers") == true)
        request.pins = [Pin(layers: 0...2, device: "lap")]
        #expect(try reasons()["pi1"] == "other devices keep all the layers")
    }

    @Test func `at most so many devices hold layers`() throws {
        let devices = [lap] + (1...5).map { device("pi\($0)", 1000) }
        for most in 1...6 {
            var request = try request(devices, layers: 30)
            request.preferences.maximumDevices = most
            #expect(try place(request).stages.filter { !$0.layers.isEmpty }.count == min(most, 5))
        }
    }
}
