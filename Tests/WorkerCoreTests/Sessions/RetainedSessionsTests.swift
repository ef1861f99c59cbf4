import Testing
import WorkerCore

/// Which sessions wait for their coordinator, and for how long.
struct RetainedSessionsTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    @Test func `a session is over after its time, unless its coordinator came back`() {
        var sessions = RetainedSessions(limit: .seconds(10))
        #expect(sessions.nextExpiry == nil)
        sessions.retain(1, at: at(0))
        sessions.retain(2, at: at(3))
        sessions.retain(3, at: at(2))
        #expect(sessions.nextExpiry == at(10))
        let early = sessions.takeExpired(at: at(9))
        #expect(early == [])
        let removals = [sessions.remove(1), sessions.remove(1)]
        #expect(removals == [true, false])
        #expect(sessions.nextExpiry == at(12))
        let expired = sessions.takeExpired(at: at(20))
        #expect(expired == [3, 2])
        #expect(sessions.nextExpiry == nil)
    }

    @Test func `the one that has waited longest goes first, and never the one that asks`() {
        var sessions = RetainedSessions()
        sessions.retain(1, at: at(5))
        sessions.retain(2, at: at(1))
        sessions.retain(3, at: at(3))
        let first = sessions.takeLongest(except: 2)
        #expect(first == 3)
        // Lost again: its time begins anew.
        sessions.retain(2, at: at(9))
        let rest = [7, 2, 7, 7].map { sessions.takeLongest(except: $0) }
        #expect(rest == [1, nil, 2, nil])
    }
}
