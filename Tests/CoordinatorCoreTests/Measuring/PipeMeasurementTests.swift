import CoordinatorCore
import Testing
import Wire

/// Speeds of the last seconds, from steps at given times.
struct PipeMeasurementTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    private func frame(_ step: UInt64, _ entries: [StepEntry]) -> StepFrame {
        StepFrame(epoch: 1, stage: 3, step: step, entries: entries)
    }

    private func row(_ sequence: UInt32, _ position: UInt32) -> StepEntry {
        .rows(sequence: sequence, position: position, count: 1, output: .last)
    }

    private func close(_ one: Double?, _ other: Double) -> Bool { one.map { abs($0 - other) < 1e-9 * other } ?? false }

    @Test func `one stream: its prompt and its tokens are told apart`() {
        var pipe = PipeMeasurement(origin: start)
        pipe.run(1, at: at(0))
        let prompt = [
            frame(1, [.open(sequence: 1), .rows(sequence: 1, position: 0, count: 8, output: .none)]),
            frame(2, [.rows(sequence: 1, position: 8, count: 4, output: .last)]),
        ]
        for step in prompt { pipe.sent(step, at: at(0)) }
        pipe.returned(prompt[0], at: at(100))
        pipe.returned(prompt[1], at: at(200))
        // Twenty tokens of 40 ms, of which 30 are between sending and results.
        for index in 0..<20 {
            let step = frame(UInt64(3 + index), [row(1, UInt32(12 + index))])
            pipe.sent(step, at: at(210 + 40 * index))
            pipe.returned(step, at: at(240 + 40 * index))
        }
        pipe.run(0, at: at(1000))
        let report = pipe.report(at: at(1500))
        #expect(report.totals.steps == 22)
        #expect(report.totals.generatedTokens == 21)
        #expect(report.totals.promptTokens == 12)
        #expect(report.totals.roundTripNanoseconds == 900_000_000)
        #expect(close(report.tokensPerSecond, 21))
        #expect(close(report.promptTokensPerSecond, 12))
        #expect(close(report.roundTripSeconds, 0.9 / 22))
        #expect(report.decoding?.streams == 1)
        #expect(close(report.decoding?.tokensPerSecond, 25))
        // Ten seconds later it is no longer true.
        let later = pipe.report(at: at(11_500))
        #expect(later.tokensPerSecond == nil)
        #expect(later.decoding == nil)
        #expect(later.totals == report.totals)
    }

    @Test func `two streams decode in turns; what a prompt delays does not count as decoding`() {
        var pipe = PipeMeasurement(origin: start)
        pipe.run(2, at: at(0))
        var now = 0
        func step(_ number: UInt64, _ entries: [StepEntry], takes milliseconds: Int) {
            pipe.sent(frame(number, entries), at: at(now))
            now += milliseconds
            pipe.returned(frame(number, entries), at: at(now))
            pipe.run(2, at: at(now))
        }
        step(1, [row(1, 5)], takes: 10)
        for number in 2..<12 { step(UInt64(number), [row(1 + UInt32(number % 2), UInt32(number))], takes: 10) }
        step(12, [row(1, 20), .rows(sequence: 2, position: 0, count: 50, output: .none)], takes: 500)
        step(13, [row(1, 21)], takes: 10)
        step(14, [row(1, 22)], takes: 10)
        let report = pipe.report(at: at(now))
        // Steps 2 to 11, and 14: eleven tokens of 10 ms.
        #expect(report.decoding?.streams == 2)
        #expect(close(report.decoding?.tokensPerSecond, 100))
        #expect(report.totals.generatedTokens == 14)
        #expect(report.totals.promptTokens == 50)
    }

    @Test func `another number of streams is another speed`() {
        var pipe = PipeMeasurement(origin: start)
        for (streams, first, milliseconds) in [(1, 0, 50), (4, 2000, 10)] {
            pipe.run(streams, at: at(first))
            for index in 0..<20 {
                let entries = (0..<streams).map { row(UInt32($0), UInt32(index)) }
                let step = frame(UInt64(first + index), entries)
                pipe.sent(step, at: at(first + milliseconds * index))
                pipe.returned(step, at: at(first + milliseconds * (index + 1)))
                pipe.run(streams, at: at(first + milliseconds * (index + 1)))
            }
        }
        let report = pipe.report(at: at(2200))
        #expect(report.decoding?.streams == 4)
        #expect(close(report.decoding?.tokensPerSecond, 400))
    }

    @Test func `what was lost on its way is not counted, and a placement counts from zero`() {
        var pipe = PipeMeasurement(origin: start)
        pipe.run(1, at: at(0))
        pipe.sent(frame(1, [row(1, 0)]), at: at(0))
        pipe.halt()
        pipe.returned(frame(1, [row(1, 0)]), at: at(10))
        #expect(pipe.report(at: at(20)).totals.steps == 0)
        pipe.sent(frame(2, [row(1, 0)]), at: at(20))
        pipe.returned(frame(2, [row(1, 0)]), at: at(30))
        #expect(pipe.report(at: at(30)).totals.steps == 1)
        pipe.begin()
        #expect(pipe.report(at: at(30)).totals == PipeReport.Totals())
    }
}
