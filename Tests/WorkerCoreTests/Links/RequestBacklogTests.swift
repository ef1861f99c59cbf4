import Testing
import WorkerCore

/// What a link asked for and a worker has not done yet.
struct RequestBacklogTests {
    @Test func `reading stops at so many requests and goes on at half of them`() {
        var backlog = RequestBacklog()
        for _ in 1..<RequestBacklog.most {
            backlog.received()
            #expect(backlog.isReading)
        }
        backlog.received()
        #expect(!backlog.isReading)
        for left in stride(from: RequestBacklog.most - 1, through: 0, by: -1) {
            backlog.done()
            #expect(backlog.isReading == (left <= RequestBacklog.most / 2))
        }
    }

    @Test func `pieces count by their bytes`() {
        var backlog = RequestBacklog()
        let quarter = RequestBacklog.mostBytes / 4
        for _ in 0..<4 { backlog.received(quarter) }
        #expect(!backlog.isReading)
        backlog.done(quarter)
        #expect(!backlog.isReading)
        backlog.done(quarter)
        #expect(backlog.isReading)
    }
}
