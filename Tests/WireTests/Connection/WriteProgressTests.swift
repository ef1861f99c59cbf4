import Testing
import Wire

struct WriteProgressTests {
    @Test func `a peer that takes nothing of what waits is told of when its time is over`() {
        var progress = WriteProgress(patienceNanoseconds: 10, now: 0)
        #expect(progress.stalled(given: 100, waiting: 0, now: 9) == nil)
        #expect(progress.stalled(given: 200, waiting: 50, now: 18) == nil)
        // More is added, as the answers to its pings are: that is no headway.
        #expect(progress.stalled(given: 300, waiting: 150, now: 27) == nil)
        #expect(progress.stalled(given: 400, waiting: 250, now: 28) == 10)
    }

    @Test func `any byte that is taken gives it time again, and so does having nothing to take`() {
        var progress = WriteProgress(patienceNanoseconds: 10, now: 0)
        for step in 1...20 {
            #expect(progress.stalled(given: 1000, waiting: 1000 - step, now: Int64(step * 9)) == nil)
        }
        #expect(progress.stalled(given: 1000, waiting: 0, now: 500) == nil)
        #expect(progress.stalled(given: 2000, waiting: 1000, now: 509) == nil)
        #expect(progress.stalled(given: 2000, waiting: 1000, now: 510) == 10)
    }

    @Test func `what encryption adds is no headway`() {
        var progress = WriteProgress(patienceNanoseconds: 10, now: 0)
        #expect(progress.stalled(given: 1000, waiting: 1020, now: 1) == nil)
        for step in 2..<10 {
            #expect(progress.stalled(given: 1000 * step, waiting: 1020 * step, now: Int64(step)) == nil)
        }
        #expect(progress.stalled(given: 20_000, waiting: 20_400, now: 10) == 10)
    }
}
