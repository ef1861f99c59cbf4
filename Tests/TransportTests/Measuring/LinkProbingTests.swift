import Testing
import Transport
import Wire

/// The decisions of a link's measurement, with times that are given.
struct LinkProbingTests {
    private let start = ContinuousClock.now

    private func count(_ action: LinkProbing.Action, bytes: Int) -> Int {
        guard case .send(let probes) = action else { return 0 }
        return probes.allSatisfy { $0.payload.count == bytes } ? probes.count : -1
    }

    /// Replies to small probes, each after so many microseconds, and gives the action after the last.
    private func answerSmall(_ probing: inout LinkProbing, _ now: inout ContinuousClock.Instant, _ times: [Int])
        -> LinkProbing.Action
    {
        var action = probing.begin(at: now)
        for (index, time) in times.enumerated() {
            #expect(count(action, bytes: LinkProbing.smallBytes) == 1, "probe \(index)")
            now += .microseconds(time)
            action = probing.replied(at: now)
        }
        return action
    }

    @Test func `the round trip is the median of small probes, the rate that of large ones`() {
        var probing = LinkProbing()
        var now = start
        // Warming up is slow and does not count; of the twenty, eleven take 300 microseconds and nine take longer.
        let times = [9000, 9000, 9000] + (0..<20).map { $0 < 11 ? 300 : 5000 }
        #expect(times.count == LinkProbing.warmUps + LinkProbing.roundTrips)
        var action = answerSmall(&probing, &now, times)
        #expect(count(action, bytes: LinkProbing.largeBytes) == LinkProbing.window)
        // A large one each 2 milliseconds: the measurement is 50 milliseconds from the end of the first window.
        var replies = 0
        while case .send = action {
            now += .milliseconds(2)
            replies += 1
            action = probing.replied(at: now)
            if case .send = action { #expect(count(action, bytes: LinkProbing.largeBytes) == 1) }
        }
        #expect(replies == LinkProbing.window + 25)
        #expect(
            action
                == .done(
                    LinkProfile(
                        roundTripNanoseconds: 300_000, bytesPerSecond: UInt64(LinkProbing.largeBytes * 500))))
    }

    @Test func `a slow link is measured by a few large probes`() {
        var probing = LinkProbing()
        var now = start
        var action = answerSmall(
            &probing, &now, Array(repeating: 2000, count: LinkProbing.warmUps + LinkProbing.roundTrips))
        var replies = 0
        while case .send = action {
            now += .seconds(1)
            replies += 1
            action = probing.replied(at: now)
        }
        #expect(replies == LinkProbing.leastLarge)
        #expect(
            action
                == .done(
                    LinkProfile(roundTripNanoseconds: 2_000_000, bytesPerSecond: UInt64(LinkProbing.largeBytes))))
    }
}
