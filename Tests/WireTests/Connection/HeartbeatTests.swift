import Testing
import Wire

@Suite struct HeartbeatTests {
    @Test func `Silence of this side brings a ping, silence of the peer the end`() {
        var heartbeat = Heartbeat(pingAfterNanoseconds: 2, giveUpAfterNanoseconds: 10, now: 0)
        #expect(heartbeat.due(now: 0) == .wait(untilNanoseconds: 2))
        #expect(heartbeat.due(now: 2) == .ping)
        heartbeat.sent(now: 2)
        #expect(heartbeat.due(now: 2) == .wait(untilNanoseconds: 4))
        heartbeat.heard(now: 3)
        heartbeat.sent(now: 12)
        #expect(heartbeat.due(now: 12) == .wait(untilNanoseconds: 13))
        #expect(heartbeat.due(now: 13) == .giveUp(silentNanoseconds: 10))
    }
}
