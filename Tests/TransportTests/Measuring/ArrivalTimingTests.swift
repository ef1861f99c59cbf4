import Synchronization
import Testing
import Transport

/// How long frames take, of what pings and pongs tell.
struct ArrivalTimingTests {
    private let told = Told()

    private final class Told: Sendable {
        let times = Mutex<[Duration]>([])
    }

    private func answer(_ timing: inout ArrivalTiming, _ nonce: UInt64?, at now: Int64) {
        guard let nonce, let (time, tell) = timing.answered(nonce, now: now) else { return }
        tell(time)
    }

    @Test func `half of the shortest time is the answer's way`() {
        var timing = ArrivalTiming()
        let tell: ArrivalTiming.Tell = { [told] time in told.times.withLock { $0.append(time) } }
        for (began, ended) in [(0, 600), (1_000, 1_400), (2_000, 5_000)] as [(Int64, Int64)] {
            let nonce = timing.begin(now: began, tell: tell)
            answer(&timing, nonce, at: ended)
        }
        #expect(told.times.withLock { $0 } == [.nanoseconds(300), .nanoseconds(200), .nanoseconds(2_800)])
    }

    @Test func `one frame is timed at a time, and only its own answer counts, once`() {
        var timing = ArrivalTiming()
        let tell: ArrivalTiming.Tell = { [told] time in told.times.withLock { $0.append(time) } }
        let nonce = timing.begin(now: 0, tell: tell)
        #expect(timing.begin(now: 10, tell: tell) == nil)
        // The heartbeat counts from one.
        answer(&timing, 1, at: 20)
        #expect(told.times.withLock { $0 }.isEmpty)
        answer(&timing, nonce, at: 30)
        answer(&timing, nonce, at: 40)
        #expect(told.times.withLock { $0 } == [.nanoseconds(15)])
    }

    @Test func `an answer that does not come is waited for no longer`() {
        var timing = ArrivalTiming()
        let tell: ArrivalTiming.Tell = { [told] time in told.times.withLock { $0.append(time) } }
        let lost = timing.begin(now: 0, tell: tell)
        let nonce = timing.begin(now: ArrivalTiming.patience, tell: tell)
        #expect(lost != nil && nonce != nil && lost != nonce)
        answer(&timing, lost, at: ArrivalTiming.patience + 10)
        #expect(told.times.withLock { $0 }.isEmpty)
        answer(&timing, nonce, at: ArrivalTiming.patience + 20)
        #expect(told.times.withLock { $0 } == [.nanoseconds(10)])
    }
}
