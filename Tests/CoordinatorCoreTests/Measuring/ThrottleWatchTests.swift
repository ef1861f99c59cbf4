import CoordinatorCore
import Testing
import Wire

struct ThrottleWatchTests {
    /// Devices that are looked at every five seconds, each with 50 steps of one row between looks.
    private struct Devices {
        var watch = ThrottleWatch()
        var work: [String: StageWork] = [:]
        var now = ContinuousClock.now

        /// - Parameter milliseconds: what each device takes for a step.
        mutating func look(_ milliseconds: [String: Double], rows: UInt64 = 1, times: Int = 1) -> [String: Double] {
            var slow: [String: Double] = [:]
            for _ in 0..<times {
                for (device, time) in milliseconds {
                    var total = work[device] ?? StageWork()
                    total.steps += 50
                    total.rows += 50 * rows
                    total.computeNanoseconds += UInt64(50 * time * 1e6)
                    work[device] = total
                }
                slow = watch.observe(work, at: now)
                now += ThrottleWatch.interval
            }
            return slow
        }
    }

    @Test func `a device that is slow for a minute is named, not before`() {
        var devices = Devices()
        #expect(devices.look(["a": 10, "b": 10, "c": 10], times: 5).isEmpty)
        #expect(devices.look(["a": 10, "b": 20, "c": 10], times: 12).isEmpty)
        #expect(devices.look(["a": 10, "b": 20, "c": 10]) == ["b": 2])
        // It has recovered.
        #expect(devices.look(["a": 10, "b": 10, "c": 10]).isEmpty)
        #expect(devices.look(["a": 10, "b": 20, "c": 10], times: 12).isEmpty)
    }

    @Test func `steps of many sizes, some of which were never seen before, hide nobody who is slow`() {
        var devices = Devices()
        for look in 0..<24 {
            let rows = [1, 1, 4, 8][look % 4]
            #expect(devices.look(["a": 10 * Double(rows), "b": 12 * Double(rows)], rows: UInt64(rows)).isEmpty)
        }
        var looks = 0
        var slow: [String: Double] = [:]
        while slow.isEmpty, looks < 20 {
            let rows = [1, 16, 4, 8, 1][looks % 5]
            // One look in ten is as it was.
            let times = looks % 10 == 6 ? 1.0 : 4.0
            slow = devices.look(["a": 10 * Double(rows), "b": times * 12 * Double(rows)], rows: UInt64(rows))
            looks += 1
        }
        #expect(slow.keys.sorted() == ["b"] && abs((slow["b"] ?? 0) - 4) < 0.01)
        #expect((11...16).contains(looks))
    }

    @Test func `long conversations and larger steps make nobody slow`() {
        var devices = Devices()
        _ = devices.look(["a": 10, "b": 10], times: 5)
        for step in 0..<40 {
            let time = 10 + Double(step)
            #expect(devices.look(["a": time, "b": time]).isEmpty)
        }
        #expect(devices.look(["a": 80, "b": 70], rows: 8, times: 20).isEmpty)
    }

    @Test func `one device alone, one that is idle, and one that was loaded anew are not judged`() {
        var devices = Devices()
        _ = devices.look(["a": 10], times: 5)
        #expect(devices.look(["a": 100], times: 20).isEmpty)
        var pair = Devices()
        _ = pair.look(["a": 10, "b": 10], times: 5)
        pair.work["b"] = StageWork()
        #expect(pair.look(["a": 10, "b": 30], times: 20).isEmpty)
    }
}
