import Testing
import WorkerCore

/// A pace that expectations may ask.
private final class Watched {
    private var pace: CheckInPace

    init(isKnown: Bool = false, addresses: Set<String>, at now: ContinuousClock.Instant) {
        pace = CheckInPace(isKnown: isKnown, addresses: addresses, at: now)
    }

    func isDue(_ situation: CheckInPace.Situation, at now: ContinuousClock.Instant) -> Bool {
        pace.isDue(situation, at: now)
    }

    func succeeded(_ situation: CheckInPace.Situation, at now: ContinuousClock.Instant) {
        pace.succeeded(situation, at: now)
    }

    func failed(at now: ContinuousClock.Instant) { pace.failed(at: now) }
}

@Suite struct CheckInPaceTests {
    private let start = ContinuousClock.now
    private let here: Set<String> = ["10.0.0.1"]

    private func situation(
        linked: Bool = false, ended: Int = 0, at addresses: Set<String>? = nil, due: Bool = false
    ) -> CheckInPace.Situation {
        CheckInPace.Situation(
            isLinked: linked, endedLinks: ended, addresses: addresses ?? here, isRenewalDue: due)
    }

    @Test func `The coordinator is told once a device starts, and not again while it has a link`() {
        let pace = Watched(addresses: here, at: start)
        #expect(pace.isDue(situation(), at: start))
        pace.succeeded(situation(), at: start)
        #expect(!pace.isDue(situation(), at: start + .seconds(1)))
        #expect(!pace.isDue(situation(linked: true), at: start + .seconds(100_000)))
        // One that joined just now has told.
        let joined = Watched(isKnown: true, addresses: here, at: start)
        #expect(!joined.isDue(situation(), at: start))
    }

    @Test func `Without a link it is told now and then, and at once when one ends`() {
        let pace = Watched(isKnown: true, addresses: here, at: start)
        #expect(!pace.isDue(situation(), at: start + CheckInPace.interval - .seconds(1)))
        #expect(pace.isDue(situation(), at: start + CheckInPace.interval))
        pace.succeeded(situation(), at: start + CheckInPace.interval)
        #expect(!pace.isDue(situation(linked: true), at: start + .seconds(70)))
        // Also where there is another one by the time that it is looked.
        #expect(pace.isDue(situation(linked: true, ended: 1), at: start + .seconds(71)))
        pace.succeeded(situation(linked: true, ended: 1), at: start + .seconds(71))
        #expect(!pace.isDue(situation(linked: true, ended: 1), at: start + .seconds(73)))
    }

    @Test func `A new address and a certificate that is to be renewed are told at once`() {
        let pace = Watched(isKnown: true, addresses: here, at: start)
        #expect(!pace.isDue(situation(linked: true), at: start + .seconds(2)))
        #expect(pace.isDue(situation(linked: true, at: ["10.0.0.2"]), at: start + .seconds(4)))
        pace.succeeded(situation(linked: true, at: ["10.0.0.2"]), at: start + .seconds(4))
        #expect(!pace.isDue(situation(linked: true, at: ["10.0.0.2"]), at: start + .seconds(6)))
        #expect(pace.isDue(situation(linked: true, at: ["10.0.0.2"], due: true), at: start + .seconds(8)))
    }

    @Test func `One that cannot be told is tried less and less often, and at once from another address`() {
        let pace = Watched(addresses: here, at: start)
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
