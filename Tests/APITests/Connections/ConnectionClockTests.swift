import API
import NIOCore
import Testing

@Suite struct ConnectionClockTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let limits = ConnectionLimits()

    private func after(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }

    @Test func `the first head comes soon, later ones may take longer`() {
        var clock = ConnectionClock(limits: limits, now: start)
        #expect(clock.deadline == start + limits.firstRequest)
        clock.head(now: after(3))
        clock.end(now: after(3))
        #expect(clock.isAnswering)
        // An answer takes as long as it takes.
        #expect(clock.deadline == nil)
        clock.answered(now: after(500))
        #expect(!clock.isAnswering)
        #expect(clock.deadline == after(500) + limits.idle)
    }

    @Test func `a body keeps a pace and a length`() {
        var clock = ConnectionClock(limits: limits, now: start)
        clock.head(now: after(1))
        #expect(clock.deadline == after(1) + limits.body)
        #expect(!clock.isAnswering)
        let second = limits.bodyPace
        func body(_ count: Int) -> Bool { clock.body(count) }
        #expect(body(10 * second))
        #expect(clock.deadline == after(11) + limits.body)
        #expect(body(limits.bodyBytes - 10 * second))
        #expect(!body(1))
    }

    @Test func `an answer before the body's end does not end the deadline`() {
        var clock = ConnectionClock(limits: limits, now: start)
        clock.head(now: start)
        clock.answered(now: after(1))
        #expect(!clock.isAnswering)
        #expect(clock.deadline != nil)
        clock.end(now: after(2))
        #expect(clock.deadline == after(2) + limits.idle)
    }

    @Test func `a client that does not wait for answers is not blamed for this side's time`() {
        var clock = ConnectionClock(limits: limits, now: start)
        clock.head(now: start)
        clock.end(now: start)
        clock.head(now: start)
        #expect(clock.isAnswering)
        #expect(clock.deadline == nil)
        clock.answered(now: after(100))
        #expect(clock.deadline == after(100) + limits.body)
        clock.end(now: after(101))
        #expect(clock.deadline == nil)
        clock.answered(now: after(102))
        #expect(clock.deadline == after(102) + limits.idle)
    }

    @Test func `a client that takes nothing has a while`() {
        var clock = ConnectionClock(limits: limits, now: start)
        clock.head(now: start)
        clock.end(now: start)
        clock.writable(false, now: after(10))
        clock.writable(false, now: after(20))
        #expect(clock.deadline == after(10) + limits.stalled)
        clock.writable(true, now: after(30))
        #expect(clock.deadline == nil)
    }
}
