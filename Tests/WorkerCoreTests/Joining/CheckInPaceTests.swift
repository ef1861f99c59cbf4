import Testing
import WorkerCore

@Suite struct CheckInPaceTests {
    private let start = ContinuousClock.now
    private let here: Set<String> = ["10.0.0.1"]

    private func situation(
        linked: Bool = false, at addresses: Set<String>? = nil, due: Bool = false
    ) -> CheckInPace.Situation {
        CheckInPace.Situation(isLinked: linked, addresses: addresses ?? here, isRenewalDue: due)
    }

    @Test func `The coordinator is told once a device starts, and not again while it has a link`() {
        var pace = CheckInPace(addresses: here, at: start)
        #expect(pace.isDue(situation(), at: start))
        pace.succeeded(situation(), at: start)
        #expect(!pace.isDue(situation(), at: start + .seconds(1)))
        #expect(!pace.isDue(situation(linked: true), at: start + .seconds(100_000)))
        // One that joined just now has told.
        var joined = CheckInPace(isKnown: true, addresses: here, at: start)
        #expect(!joined.isDue(situation(), at: start))
    }

    @Test func `Without a link it is told now and then, and at once when one ends`() {
        var pace = CheckInPace(isKnown: true, addresses: here, at: start)
        #expect(!pace.isDue(situation(), at: start + CheckInPace.interval - .seconds(1)))
        #expect(pace.isDue(situation(), at: start + CheckInPace.interval))
        pace.succeeded(situation(), at: start + CheckInPace.interval)
        #expect(!pace.isDue(situation(linked: true), at: start + .seconds(70)))
        #expect(pace.isDue(situation(), at: start + .seconds(71)))
        pace.succeeded(situation(), at: start + .seconds(71))
        #expect(!pace.isDue(situation(), at: start + .seconds(73)))
    }

    @Test func `A new address and a certificate that is to be renewed are told at once`() {
        var pace = CheckInPace(isKnown: true, addresses: here, at: start)
        #expect(!pace.isDue(situation(linked: true), at: start + .seconds(2)))
        #expect(pace.isDue(situation(linked: true, at: ["10.0.0.2"]), at: start + .seconds(4)))
        pace.succeeded(situation(linked: true, at: ["10.0.0.2"]), at: start + .seconds(4))
        #expect(!pace.isDue(situation(linked: true, at: ["10.0.0.2"]), at: start + .seconds(6)))
        #expect(pace.isDue(situation(linked: true, at: ["10.0.0.2"], due: true), at: start + .seconds(8)))
    }

    @Test func `One that cannot be told is tried less and less often, and at once from another address`() {
        var pace = CheckInPace(addresses: here, at: start)
        var now = start
        var pauses: [Duration] = []
        for _ in 0..<8 {
            #expect(pace.isDue(situation(), at: now))
            pace.failed(at: now)
            let failed = now
            while !pace.isDue(situation(), at: now) { now += .seconds(1) }
            pauses.append(now - failed)
        }
        #expect(pauses == [2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
        pace.failed(at: now)
        #expect(!pace.isDue(situation(), at: now + .seconds(1)))
        #expect(pace.isDue(situation(at: ["10.0.0.2"]), at: now + .seconds(2)))
    }
}
