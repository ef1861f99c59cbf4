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
        #expect((0..<3).map { _ in backlog.received(quarter) } == [false, false, false])
        #expect(backlog.received(quarter) && !backlog.isReading)
        // Frames that were read already may still come.
        #expect(!backlog.received(quarter))
        #expect((0..<2).map { _ in backlog.left(quarter) } == [false, false])
        #expect(backlog.left(quarter) && backlog.isReading)
        #expect((0..<2).map { _ in backlog.left(quarter) } == [false, false])
        #expect(backlog.bytes == 0 && backlog.steps == 0)
    }

    @Test func `steps without rows count too`() {
        var backlog = StepBacklog()
        for _ in 1..<StepBacklog.mostSteps { #expect(!backlog.received(0)) }
        #expect(backlog.received(0))
        for _ in 1..<StepBacklog.mostSteps / 2 { #expect(!backlog.left(0)) }
        #expect(backlog.left(0))
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
