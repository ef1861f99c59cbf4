import API
import Testing

struct ExchangesTests {
    private let plain = Exchanges.Request(takesInterim: true)
    private let waiting = Exchanges.Request(takesInterim: true, awaitsContinue: true)
    private let old = Exchanges.Request(takesInterim: false, awaitsContinue: true)

    /// What each event gives: whether the client is to be told to go on.
    private func told(_ exchanges: inout Exchanges, _ events: [Event]) -> [Bool] {
        events.map { event in
            switch event {
            case .arrived(let request): return exchanges.arrived(request)
            case .answered:
                exchanges.began()
                return exchanges.ended()
            }
        }
    }

    private enum Event {
        case arrived(Exchanges.Request)
        case answered
    }

    @Test func `who waits for it is told to go on, in its turn`() {
        var exchanges = Exchanges()
        let first = told(&exchanges, [.arrived(waiting), .answered, .arrived(plain), .arrived(waiting)])
        #expect(first == [true, false, false, false])
        #expect(exchanges.count == 2)
        let second = told(&exchanges, [.answered, .answered, .arrived(old)])
        #expect(second == [true, false, false])
        #expect(exchanges.count == 1)
    }

    @Test func `a client that closed its sending side is written to until its answer begins`() {
        var exchanges = Exchanges()
        _ = told(&exchanges, [.arrived(plain), .arrived(plain)])
        #expect(!exchanges.isProbed)
        exchanges.halfClosed()
        #expect(exchanges.isProbed && !exchanges.isLost)
        exchanges.began()
        #expect(!exchanges.isProbed && !exchanges.isLost)
        // The next one.
        _ = exchanges.ended()
        #expect(exchanges.isProbed)
        _ = told(&exchanges, [.answered])
        #expect(!exchanges.isProbed && !exchanges.isLost)
    }

    @Test func `one to which nothing can be written counts as gone`() {
        var exchanges = Exchanges()
        _ = told(&exchanges, [.arrived(old)])
        exchanges.halfClosed()
        #expect(exchanges.isLost && !exchanges.isProbed)
        #expect(exchanges.closesWithAnswer)
        exchanges.began()
        #expect(!exchanges.isLost)
    }
}
