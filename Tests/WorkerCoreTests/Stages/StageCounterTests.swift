import Testing
import Wire
import WorkerCore

/// What a stage's steps add up to.
struct StageCounterTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func `computing and waiting are told apart`() {
        var counter = StageCounter()
        // The first has nobody to wait for; the second comes 30 ms after its end; the third is there before the second's.
        counter.add(rows: 3, received: 30, sent: 10, arrived: at(0), began: at(1), ended: at(11))
        counter.add(rows: 1, received: 10, sent: 10, arrived: at(41), began: at(42), ended: at(50))
        counter.add(rows: 1, received: 10, sent: 10, arrived: at(45), began: at(50), ended: at(56))
        #expect(
            counter.work
                == StageWork(
                    steps: 3, rows: 5, computeNanoseconds: 24_000_000, waitNanoseconds: 30_000_000, receivedBytes: 50,
                    sentBytes: 30))
    }

    @Test func `a few arrivals in a second are timed`() {
        var counter = StageCounter()
        #expect([0, 1, 249, 250, 499, 500].filter { counter.timesArrival(of: at($0)) } == [0, 250, 500])
        counter.add(arrival: .microseconds(3))
        counter.add(arrival: .microseconds(4))
        #expect(counter.work == StageWork(networkSteps: 2, networkNanoseconds: 7_000))
    }

    @Test func `who was asked for nothing did not wait`() {
        var counter = StageCounter()
        counter.add(rows: 1, received: 4, sent: 8, arrived: at(0), began: at(0), ended: at(10))
        counter.add(rows: 0, received: 0, sent: 0, arrived: at(1010), began: at(1010), ended: at(1010))
        #expect(counter.work.waitNanoseconds == 1_000_000_000)
        counter.add(rows: 1, received: 4, sent: 8, arrived: at(2011), began: at(2011), ended: at(2021))
        #expect(counter.work.waitNanoseconds == 1_000_000_000)
        #expect(counter.work.steps == 3)
    }
}
