import API
import ClusterStore
import TestSupport
import Testing

@Suite struct LimitsTests {
    private let start = ContinuousClock.now

    @Test(arguments: [1, 2, 3, 7, 60, 1000]) func `a full bucket holds a minute's requests and fills evenly`(limit: Int)
    {
        var bucket = TokenBucket(now: start)
        func take(_ now: ContinuousClock.Instant) -> Duration? { bucket.take(limit: limit, now: now) }
        for _ in 0..<limit { #expect(take(start) == nil) }
        let wait = take(start)
        #expect(abs((wait ?? .zero) / .seconds(1) - 60 / Double(limit)) < 1e-6)
        // Each share of a minute brings one, as long as one likes; in an hour there is a minute's too.
        for request in 1...3 * limit {
            let now = start + .seconds(60) * request / limit
            #expect(take(now) == nil)
            #expect(take(now) != nil)
        }
        let later = start + .seconds(3600)
        for _ in 0..<limit { #expect(take(later) == nil) }
        #expect(take(later) != nil)
    }

    @Test func `the wait that is told is enough`() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<200 {
            let limit = Int.random(in: 1...100, using: &generator)
            var bucket = TokenBucket(now: start)
            func take(_ now: ContinuousClock.Instant) -> Duration? { bucket.take(limit: limit, now: now) }
            var now = start
            for _ in 0..<300 {
                now += .milliseconds(Int.random(in: 0...500, using: &generator))
                guard let wait = take(now) else { continue }
                now += wait
                #expect(take(now) == nil, "limit \(limit)")
            }
        }
    }

    private func key(_ id: String, rate: Int? = nil, concurrent: Int? = nil) -> AccessKey {
        AccessKey(
            id: id, name: id, secretHash: [], createdAt: 0,
            limits: .init(requestsPerMinute: rate, concurrentRequests: concurrent))
    }

    @Test func `answers of a key are counted until they end`() throws {
        var usage = KeyUsage()
        let (two, free) = (key("two", concurrent: 2), key("free"))
        try usage.begin(two, isAnswer: true, now: start)
        try usage.begin(two, isAnswer: true, now: start)
        #expect(throws: KeyUsage.Refusal.concurrency(limit: 2)) { try usage.begin(two, isAnswer: true, now: start) }
        try usage.begin(two, isAnswer: false, now: start)
        for _ in 0..<100 { try usage.begin(free, isAnswer: true, now: start) }
        usage.end("two")
        try usage.begin(two, isAnswer: true, now: start)
        #expect(throws: KeyUsage.Refusal.concurrency(limit: 2)) { try usage.begin(two, isAnswer: true, now: start) }
    }

    @Test func `a limit that changes holds at once, and a key that is gone is forgotten`() throws {
        var usage = KeyUsage()
        try usage.begin(key("a", rate: 1), isAnswer: false, now: start)
        #expect(throws: KeyUsage.Refusal.self) { try usage.begin(key("a", rate: 1), isAnswer: false, now: start) }
        try usage.begin(key("a"), isAnswer: false, now: start)
        usage.keep(["b"])
        try usage.begin(key("a", rate: 1), isAnswer: false, now: start)
        // An answer of a key that was removed meanwhile ends without a trace.
        usage.keep([])
        usage.end("a")
    }
}
