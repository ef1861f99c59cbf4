import Placement
import Testing

@Suite("The cost model")
struct CostModelTests {
    @Test func `a measured product is interpolated between rows, and goes on in proportion beyond`() {
        let speed = DeviceSpeed(
            readBytesPerSecond: 10e9,
            products: [
                ProductSpeed(elementType: 2, rows: 16, bytesPerSecond: 2e9),
                ProductSpeed(elementType: 2, rows: 1, bytesPerSecond: 8e9),
                ProductSpeed(elementType: 8, rows: 1, bytesPerSecond: 4e9),
                ProductSpeed(elementType: 8, rows: 4, bytesPerSecond: 0),
            ])
        func seconds(_ type: UInt32, _ rows: Int) -> Double {
            speed.secondsPerByte(elementType: type, rows: rows) * 1e9
        }
        #expect(seconds(2, 1) == 1 / 8.0)
        #expect(abs(seconds(2, 6) - (1 / 8.0 + 1 / 2.0 * 0.5) * 1) < 0.2)
        #expect(abs(seconds(2, 6) - (0.125 * 2 / 3 + 0.5 / 3)) < 1e-12)
        #expect(abs(seconds(2, 16) - 0.5) < 1e-12)
        #expect(abs(seconds(2, 64) - 2) < 1e-12)
        // A type without a measurement is as slow as the slowest with one.
        #expect(seconds(12, 1) == 1 / 4.0)
        let unmeasured = DeviceSpeed(readBytesPerSecond: 10e9)
        #expect([1, 4, 8].map { unmeasured.secondsPerByte(elementType: 2, rows: $0) * 1e10 } == [1, 1, 2])
    }

    @Test func `a step is its stages, its hops and the coordinator's turn`() throws {
        var request = PlacementRequest(
            devices: [lap, device("pi1", 1 << 40, reads: 1e9)],
            model: model(
                [1_000_000, 3_000_000], embedding: 2_000_000, head: 5_000_000, keyValues: 1000, width: 512,
                vocabulary: 1000),
            context: 200, slots: 1)
        request.links.setCoordinatorLink(of: "pi1", LinkSpeed(roundTripSeconds: 1e-3, bytesPerSecond: 1e6))
        let plan = try place(request)
        #expect(text(plan) == ["lap:e", "pi1:0-1", "lap:h"])
        #expect(plan.prediction.history == 100)
        // 4 MB at 1 GB/s, 100 positions of 1000 bytes in two layers, overheads of two layers and a stage.
        let layers = 4e-3 + 0.2e-3 + 2 * 15e-6 + 20e-6
        #expect(abs(plan.stages[1].stepSeconds - layers) < 1e-9)
        // Half a round trip, 2048 bytes at 1 MB/s, the software.
        let hop = 0.5e-3 + 2.048e-3 + 60e-6
        #expect(abs(plan.stages[0].hopSeconds - hop) < 1e-9 && abs(plan.stages[1].hopSeconds - hop) < 1e-9)
        // The nominal device looks up 2000 bytes, and reads 5 MB at 10 GB/s.
        let ends = 0.2e-6 + 20e-6 + 0.5e-3 + 20e-6
        #expect(abs(plan.prediction.stepSeconds - (50e-6 + layers + 2 * hop + ends)) < 1e-7)
        #expect(plan.prediction.unmeasuredDevices == ["lap"] && plan.prediction.unmeasuredLinks == [])
    }

    @Test func `a device under a quota computes a lone step faster than steps behind one another`() throws {
        // A quarter of a processor: 25 ms of every 100. Its layers take 60 ms at the rates that last, 15 without a pause.
        let speed = DeviceSpeed(readBytesPerSecond: 1e9, dutyCycle: DutyCycle(share: 0.25, period: 0.1))
        var request = PlacementRequest(
            devices: [lap, DeviceCapacity(name: "pi1", memoryBytes: 1 << 40, speed: speed)],
            model: model([30_000_000, 30_000_000]), context: 2, slots: 4)
        var plan = try place(request)
        #expect(abs(plan.stages[1].stepSeconds - 15e-3) < 0.1e-3)
        #expect(abs(plan.prediction.largestSeconds - 60e-3) < 0.1e-3)
        // One step at a time is 60 ms all the same: the device has to rest between them.
        #expect(abs(plan.prediction.stepSeconds - plan.prediction.largestSeconds) < 1e-12)
        // With a second one like it each may rest while the other computes.
        request.devices.append(DeviceCapacity(name: "pi2", memoryBytes: 1 << 40, speed: speed))
        request.preferences.objective = .throughput
        plan = try place(request)
        #expect(plan.stages.count == 4 && abs(plan.prediction.largestSeconds - 30e-3) < 0.1e-3)
        #expect(abs(plan.prediction.stepSeconds - plan.prediction.largestSeconds) < 1e-12)
        // A full pipe works on two steps at a time all the same.
        #expect(abs((plan.prediction.depth ?? 0) - 2) < 0.1)
        #expect(plan.stages.dropFirst().dropLast().allSatisfy { abs($0.stepSeconds - 7.5e-3) < 0.1e-3 })
    }

    @Test func `the codec is the most exact that costs little`() throws {
        // All layers take 1 ms, 50 µs of which a row's transfer may take: 8192, 4096 or 2304 bytes.
        var request = PlacementRequest(
            devices: [lap, device("pi1", 1 << 40)], model: model([9_985_000 - 150_000], width: 2048), context: 2,
            slots: 1,
            rowsPerStep: 1)
        func codec(_ bytesPerSecond: Double, width: Int = 2048) throws -> RowCodec {
            request.model.width = width
            request.links.setCoordinatorLink(
                of: "pi1", LinkSpeed(roundTripSeconds: 1e-3, bytesPerSecond: bytesPerSecond))
            return try place(request).stages[0].codec
        }
        #expect(try codec(100e6) == .f32)
        request.preferences.codec = .automatic
        #expect(try codec(200e6) == .f32)
        #expect(try codec(100e6) == .f16)
        #expect(try codec(70e6) == .q8)
        #expect(try codec(1e6) == .q8)
        #expect(try codec(1e6, width: 2050) == .f16)
        #expect(try place(request).notes.contains { $0.contains("f16") && $0.contains("0.05%") })
        request.preferences.codec = .always(.q8)
        #expect(try codec(1e12) == .q8)
    }

    @Test func `many streams fill the pipe`() throws {
        // Two stages of 100 ms each: with two streams each is busy with one of them.
        var request = PlacementRequest(
            devices: [lap, device("pi1", 1 << 40), device("pi2", 1 << 40)],
            model: model(Array(repeating: 100_000_000, count: 20)), context: 2, slots: 2)
        let plan = try place(request)
        #expect(plan.stages.count == 4)
        let prediction = plan.prediction
        #expect((1.95...2).contains(prediction.tokensPerSecondOfStreams / prediction.tokensPerSecond))
        #expect(prediction.streamsPerStep == 1)
        // Four rows cost as much as one where nothing was measured: more streams share steps.
        request.slots = 8
        #expect(try place(request).prediction.streamsPerStep == 4)
        #expect((7.8...8).contains(try place(request).prediction.tokensPerSecondOfStreams / prediction.tokensPerSecond))
    }

    @Test func `a prompt's chunks flow behind each other`() throws {
        // Every row takes a quarter of a pass over 0.1 s in each of two stages. So a chunk of eight costs no more than its share of a longer one:
        // 64 of 0.2 s each, and the last one through the second stage.
        let request = PlacementRequest(
            devices: [lap, device("pi1", 1 << 40), device("pi2", 1 << 40)],
            model: model(Array(repeating: 100_000_000, count: 20)), context: 512, slots: 2, rowsPerStep: 128)
        let plan = try place(request)
        #expect(plan.prediction.promptTokens == 512)
        #expect((13.0...13.1).contains(plan.prediction.secondsToFirstToken))
    }
}
