import Synchronization
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// What a worker holds of the steps that it was sent.
struct StepBacklogTests {
    @Test func `reading stops at the limit of bytes and goes on at half of it`() {
        var backlog = StepBacklog()
        let quarter = StepBacklog.mostBytes / 4
        // The fifth: frames that were read already may still come.
        let stops = (0..<5).map { _ in backlog.received(quarter) }
        #expect(stops == [false, false, false, true, false])
        #expect(!backlog.isReading)
        let resumes = (0..<5).map { _ in backlog.left(quarter) }
        #expect(resumes == [false, false, true, false, false])
        #expect(backlog.isReading && backlog.bytes == 0 && backlog.steps == 0)
    }

    @Test func `steps without rows count too`() {
        var backlog = StepBacklog()
        let stops = (0..<StepBacklog.mostSteps).map { _ in backlog.received(0) }
        #expect(stops.firstIndex(of: true) == StepBacklog.mostSteps - 1)
        let resumes = (0..<StepBacklog.mostSteps).map { _ in backlog.left(0) }
        #expect(resumes.firstIndex(of: true) == StepBacklog.mostSteps / 2 - 1)
        #expect(resumes.count { $0 } == 1)
    }

    @Test func `a coordinator that sends without waiting is held up, and every step is answered in order`() async throws
    {
        let tested = try TestWorker()
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        #expect(await tested.load(tested.request(embedding: true, layers: 0..<4, head: true)))
        let count = 3 * StepBacklog.mostSteps
        for number in 1...count {
            tested.link.send(.step(StepFrame(epoch: 1, stage: 0, step: UInt64(number), entries: [.close(sequence: 9)])))
        }
        for number in 1...count { #expect(await tested.probe.step()?.step == UInt64(number)) }
        tested.end()
    }
}
