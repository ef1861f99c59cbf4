import CoordinatorCore
import Testing
import Wire

/// Pages that run short, and contexts that are full.
struct PagesTests {
    private let stages = Array(repeating: SimulatedPipe.Cost(fixed: 4, perGenerating: 1, perPrompt: 1), count: 2)

    private func pipe(context: Int = 100, slots: Int = 4, pages: Int? = nil, shift: ContextShift? = nil)
        -> SimulatedPipe
    {
        SimulatedPipe(
            .init(
                context: context, slots: slots, stages: 2, positionsPerPage: 10, pages: pages, contextShift: shift),
            stages: stages)
    }

    @Test func `when pages run short the youngest waits, and its answer is the same`() {
        let requests = (0..<4).map { SimulatedPipe.Request(prompt: SimulatedPipe.prompt(11, seed: 1 + $0), most: 60) }
        var pipe = pipe(pages: 16)
        pipe.run(requests)
        #expect(pipe.scheduler.report.totals.preemptions > 0)
        for (answer, request) in zip(pipe.answers, requests) {
            #expect(answer.tokens == SimulatedPipe.expected(request, context: 100))
        }
        // The oldest is never set back.
        #expect(pipe.answers[0].times.last! <= pipe.answers.map { $0.times.last! }.min()!)
        // With enough pages none waits.
        var roomy = self.pipe()
        roomy.run(requests)
        #expect(roomy.scheduler.report.totals.preemptions == 0)
        #expect(roomy.answers.map(\.tokens) == pipe.answers.map(\.tokens))
    }

    @Test func `a prompt that does not fit now waits, and those behind it too`() {
        var scheduler = Scheduler(
            limits: .init(context: 40, slots: 4, stages: 1, rowsPerStep: 100, positionsPerPage: 10, pages: 5))
        let first = scheduler.add(tokens: SimulatedPipe.prompt(25, seed: 1), results: .last)
        let second = scheduler.add(tokens: SimulatedPipe.prompt(25, seed: 2), results: .last)
        let third = scheduler.add(tokens: [1], results: .last)
        let step = scheduler.next(at: 0)!
        #expect(step.results.map(\.sequence) == [first])
        #expect(scheduler.waitingOrder == [second, third])
        #expect(scheduler.report.pages.used == 3)
        #expect(scheduler.report.pages.free == 2)
        _ = scheduler.complete(step: step.id, at: 1)
        scheduler.remove(first)
        #expect(scheduler.report.pages.free == 5)
        #expect(scheduler.next(at: 1)?.results.map(\.sequence) == [second, third])
    }

    @Test(arguments: [0, 25, 1000]) func `a full context loses its older half and goes on`(keep: Int) {
        let shift = ContextShift(keep: keep)
        let requests = (0..<3).map { SimulatedPipe.Request(prompt: SimulatedPipe.prompt(30, seed: $0), most: 250) }
        var pipe = pipe(shift: shift)
        pipe.run(requests)
        for (answer, request) in zip(pipe.answers, requests) {
            #expect(answer.tokens == SimulatedPipe.expected(request, context: 100, shift: shift))
        }
        let trims = pipe.steps.flatMap(\.entries).compactMap { entry -> UInt32? in
            if case .trim(_, let length) = entry { length } else { nil }
        }
        #expect(trims.count >= 9)
        #expect(Set(trims) == [UInt32(min(keep, 50) / 10 * 10)])
    }

    @Test func `a shift keeps the first tokens and the newer half of the rest`() {
        let tokens: [UInt32] = Array(0..<10)
        #expect(ContextShift(keep: 0).shifted(tokens, context: 10) == [5, 6, 7, 8, 9])
        #expect(ContextShift(keep: 3).shifted(tokens, context: 10) == [0, 1, 2, 7, 8, 9])
        #expect(ContextShift(keep: 100).shifted(tokens, context: 10) == [0, 1, 2, 3, 4, 8, 9])
        #expect(ContextShift(keep: 2).fitting(Array(0..<40), context: 10).count < 10)
        #expect(ContextShift(keep: 2).fitting(Array(0..<40), context: 10).starts(with: [0, 1, 39]) == false)
        #expect(ContextShift(keep: 2).fitting(Array(0..<9), context: 10) == Array(0..<9))
        for context in 1...5 {
            #expect(!ContextShift(keep: 1).fitting(Array(0..<9), context: context).isEmpty)
        }
    }
}
