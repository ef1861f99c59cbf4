import Placement
import TestSupport
import Testing

/// Devices say of themselves what they like: none of it may keep a model from the others, or end the process.
@Suite("Numbers that no device has")
struct AbsurdDeviceTests {
    private let pair = [lap, device("pi1", 1000), device("pi2", 1000)]

    private func request(_ devices: [DeviceCapacity], pins: [Pin] = []) -> PlacementRequest {
        PlacementRequest(
            devices: devices, model: model(Array(repeating: 10, count: 30), keyValues: 1), context: 4, slots: 2,
            pins: pins)
    }

    private static let absurd: [DeviceCapacity] = [
        DeviceCapacity(name: "pi3", memoryBytes: -1), DeviceCapacity(name: "pi3", memoryBytes: .min),
        DeviceCapacity(name: "pi3", memoryBytes: 1000, diskBytes: .min),
        device("pi3", 1000, reads: .nan), device("pi3", 1000, reads: .infinity), device("pi3", 1000, reads: 0),
        device("pi3", 1000, reads: -1),
    ]

    @Test(arguments: absurd) func `such a device is left out and named, and the others hold the model`(
        device: DeviceCapacity
    ) throws {
        let plan = try place(request(pair + [device]))
        #expect(plan.stages.flatMap { Array($0.layers) } == Array(0..<30))
        #expect(!plan.stages.contains { $0.device == "pi3" })
        let unused = try #require(plan.unused.first { $0.device == "pi3" })
        #expect(unused.reason.hasPrefix("it is left out: "))
        #expect(throws: PlacementError.self) { try place(request(pair + [device], pins: [Pin(.head, device: "pi3")])) }
        let alone = #expect(throws: PlacementError.self) { try place(request([device])) }
        #expect(alone?.description.contains("pi3") == true)
    }

    @Test(arguments: [0, -1, Double.nan, .infinity]) func `a link that cannot be so is taken as not measured`(
        rate: Double
    ) throws {
        let absurd = LinkSpeed(roundTripSeconds: 0, bytesPerSecond: rate)
        var request = request(pair)
        let expected = try place(request)
        request.links.setCoordinatorLink(of: "pi1", absurd)
        request.links.setLink(between: "pi1", and: "pi2", absurd)
        request.links.setLink(between: "pi1", and: "pi2", LinkSpeed(roundTripSeconds: rate, bytesPerSecond: rate))
        #expect(try place(request) == expected)
    }

    /// Every combination of extremes that a report may have passes through the planner, and comes out as a plan or as a refusal.
    @Test func `extremes of all numbers give a plan or a refusal`() throws {
        let bytes = [Int.min, -1, 0, 1, 1 << 20, 1 << 50, .max - 1, .max]
        let rates = [Double.leastNonzeroMagnitude, 1, 0x1p60, .greatestFiniteMagnitude, .nan]
        let quotas = [DutyCycle.always, DutyCycle(share: .leastNonzeroMagnitude, period: .greatestFiniteMagnitude)]
        var random = SeededGenerator(seed: 14)
        for memory in bytes {
            for disk in bytes.map(Optional.some) + [nil] {
                for rate in rates {
                    let speed = DeviceSpeed(
                        readBytesPerSecond: rate,
                        products: [
                            ProductSpeed(elementType: .max, rows: .max, bytesPerSecond: rate),
                            ProductSpeed(elementType: 2, rows: 1, bytesPerSecond: rates.randomElement(using: &random)!),
                        ],
                        dutyCycle: quotas.randomElement(using: &random)!)
                    var request = request(
                        pair + [DeviceCapacity(name: "pi3", memoryBytes: memory, diskBytes: disk, speed: speed)])
                    request.preferences.objective = PlacementObjective.allCases.randomElement(using: &random)!
                    request.preferences.codec = Bool.random(using: &random) ? .automatic : .always(.f32)
                    request.links.setCoordinatorLink(
                        of: "pi3",
                        LinkSpeed(roundTripSeconds: rates.randomElement(using: &random)!, bytesPerSecond: rate))
                    request.declareWatts()
                    let plan = try place(request)
                    #expect(plan.stages.flatMap { Array($0.layers) } == Array(0..<30))
                    // As in the tables of commands.
                    _ = plan.unused.map(\.reason)
                    // What does not fit looks for what would help.
                    request.devices.removeAll { ["pi1", "pi2"].contains($0.name) }
                    request.model = model(Array(repeating: Int.max / 64, count: 30), keyValues: 1)
                    _ = (try? place(request)).map { $0.unused.map(\.reason) }
                }
            }
        }
    }

    @Test func `whole numbers of anything`() {
        for value in [Double.nan, .infinity, -.infinity, 0x1p63, -0x1p63, 1e300, 0.5, -0.5] {
            _ = Int(saturating: value)
        }
        #expect(Int(saturating: 1e300) == .max && Int(saturating: -1e300) == .min && Int(saturating: .nan) == 0)
        #expect(Int(saturating: 2.9) == 2 && Int.max.saturatingAdd(1) == .max && Int.min.saturatingAdd(-1) == .min)
        #expect(UInt64.max.saturatingAdd(7) == .max)
        for value in [Double.nan, .infinity, -1, 1e300] { _ = ByteRate(value).description }
    }

    @Test func `a device gets no more layers than its disk may keep`() throws {
        // Ten bytes of weights and eight of caches a layer: memory for 55 of them, disk for four.
        let devices = [lap, DeviceCapacity(name: "pi1", memoryBytes: 1000, diskBytes: 45), device("pi2", 1000)]
        let plan = try place(request(devices))
        #expect(plan.stages.first { $0.device == "pi1" }?.layers.count ?? 0 <= 4)
        #expect(plan.stages.flatMap { Array($0.layers) } == Array(0..<30))
        let tiny = try place(
            request([lap, DeviceCapacity(name: "pi1", memoryBytes: 1000, diskBytes: 9), device("pi2", 1000)]))
        #expect(tiny.unused.first { $0.device == "pi1" }?.reason.contains("its disk may keep") == true)
        let alone = #expect(throws: PlacementError.self) {
            try place(request([lap, DeviceCapacity(name: "pi1", memoryBytes: 1000, diskBytes: 45)]))
        }
        #expect(alone?.description.contains("--store-limit") == true)
    }
}
