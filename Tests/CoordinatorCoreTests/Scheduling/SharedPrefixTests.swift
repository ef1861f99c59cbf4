import CoordinatorCore
import Tensors
import Testing
import Wire

/// Equal beginnings are computed once.
struct SharedPrefixTests {
    private let stages = [SimulatedPipe.Cost(fixed: 4, perGenerating: 1, perPrompt: 1)]

    private func pipe(slots: Int = 8, pages: Int? = nil, stages: Int = 1) -> SimulatedPipe {
        SimulatedPipe(
            .init(context: 512, slots: slots, stages: stages, positionsPerPage: 16, pages: pages),
            stages: Array(repeating: self.stages[0], count: stages), hop: 0.1)
    }

    @Test func `the coordinator's pages are the workers'`() {
        #expect(Scheduler.Limits.pagePositions == KeyValueLayout.positions)
    }

    @Test(arguments: [1, 3]) func `a system prompt is computed once for all conversations`(stages: Int) {
        let system = SimulatedPipe.prompt(200, seed: 1)
        let requests = (0..<8).map {
            SimulatedPipe.Request(prompt: system + SimulatedPipe.prompt(10, seed: 100 + UInt32($0)), most: 5)
        }
        var pipe = pipe(stages: stages)
        pipe.run(requests)
        // All at once: those behind the first wait for its prompt, and begin where it leaves the others.
        #expect(pipe.rowsComputed == 200 + 8 * (10 + 4))
        #expect(pipe.answers.map(\.cachedTokens).sorted() == [0] + Array(repeating: 200, count: 7))
        #expect(pipe.scheduler.report.totals.cachedTokens == 7 * 200)
        // And later, from one that has ended.
        let rows = pipe.rowsComputed
        pipe.run([.init(prompt: system + SimulatedPipe.prompt(10, seed: 300), most: 5)])
        #expect(pipe.rowsComputed - rows == 10 + 4)
        for (answer, request) in zip(pipe.answers, requests) {
            #expect(answer.tokens == SimulatedPipe.expected(request, context: 512))
        }
    }

    @Test func `the turns of a conversation compute only what is new`() {
        var pipe = pipe()
        var tokens = SimulatedPipe.prompt(100, seed: 7)
        for turn in 0..<4 {
            let rows = pipe.rowsComputed
            pipe.run([.init(prompt: tokens, most: 20)])
            let answer = pipe.answers.last!
            // The last token of the answer before has not passed the stages.
            #expect(answer.cachedTokens == (turn == 0 ? 0 : tokens.count - 11))
            #expect(pipe.rowsComputed - rows == tokens.count - answer.cachedTokens + 19)
            tokens += answer.tokens + SimulatedPipe.prompt(10, seed: 50 + UInt32(turn))
        }
        // The longest holds what the others held: they are not kept beside it.
        #expect(pipe.scheduler.report.pages.dormant == (tokens.count - 10 + 15) / 16)
    }

    @Test func `the same prompt again computes its last row only`() {
        var pipe = pipe()
        let request = SimulatedPipe.Request(prompt: SimulatedPipe.prompt(64, seed: 3), most: 3)
        pipe.run([request])
        let rows = pipe.rowsComputed
        pipe.run([request])
        #expect(pipe.rowsComputed - rows == 1 + 2)
        #expect(pipe.answers[0].tokens == pipe.answers[1].tokens)
    }

    @Test func `less than a page in common is not shared`() {
        var pipe = pipe()
        let common = SimulatedPipe.prompt(15, seed: 3)
        pipe.run([.init(prompt: common + SimulatedPipe.prompt(30, seed: 4), most: 3)])
        pipe.run([.init(prompt: common + SimulatedPipe.prompt(30, seed: 5), most: 3)])
        #expect(pipe.answers.map(\.cachedTokens) == [0, 0])
    }

    @Test func `what was not used for longest makes room`() {
        // Room for one context and a little: three ended ones do not fit beside a long one.
        var pipe = pipe(slots: 2, pages: 36)
        let prompts = (0..<3).map { SimulatedPipe.prompt(150, seed: 20 + UInt32($0)) }
        for prompt in prompts { pipe.run([.init(prompt: prompt, most: 2)]) }
        #expect(pipe.scheduler.report.pages.dormant == 30)
        pipe.run([.init(prompt: prompts[0], most: 2)])
        #expect(pipe.answers.last?.cachedTokens == 149)
        pipe.run([.init(prompt: SimulatedPipe.prompt(200, seed: 40), most: 2)])
        #expect(pipe.scheduler.report.pages.free == 36 - 10 - 10 - 13)
        pipe.run([.init(prompt: prompts[0], most: 2), .init(prompt: prompts[1], most: 2)])
        #expect(pipe.answers.suffix(2).map(\.cachedTokens) == [149, 0])
    }

    @Test func `a text to be scored is computed whole`() {
        var scheduler = Scheduler(limits: .init(context: 64, slots: 2, stages: 1, positionsPerPage: 4))
        let prompt = SimulatedPipe.prompt(20, seed: 1)
        let first = scheduler.add(tokens: prompt, results: .last)
        let step = scheduler.next(at: 0)!
        _ = scheduler.complete(step: step.id, at: 1)
        scheduler.finish(first)
        let second = scheduler.add(tokens: prompt, results: .all)
        #expect(
            scheduler.next(at: 1)?.entries == [
                .open(sequence: second), .rows(sequence: second, position: 0, count: 20, output: .all),
            ])
    }

    @Test func `those that were to share a prompt that is given up compute it themselves`() {
        var scheduler = Scheduler(limits: .init(context: 64, slots: 3, stages: 1, rowsPerStep: 8, positionsPerPage: 4))
        let prompt = SimulatedPipe.prompt(30, seed: 1)
        let ids = (0..<3).map { _ in scheduler.add(tokens: prompt, results: .last) }
        let step = scheduler.next(at: 0)!
        #expect(step.entries.map(\.sequence) == [ids[0], ids[0]])
        #expect(scheduler.running == 3)
        scheduler.remove(ids[0])
        #expect(scheduler.waiting == 2)
        #expect(
            scheduler.next(at: 0)?.entries == [
                .close(sequence: ids[0]), .open(sequence: ids[1]),
                .rows(sequence: ids[1], position: 0, count: 8, output: .none),
            ])
    }

    @Test func `what a stage has lost is dropped, and computed again from the tokens`() {
        var scheduler = Scheduler(limits: .init(context: 64, slots: 2, stages: 1, positionsPerPage: 4))
        let prompt = SimulatedPipe.prompt(20, seed: 1)
        // Two that have ended, each with a beginning of its own, and a common one.
        var ended: [UInt32] = []
        for index in 0..<2 {
            let id = scheduler.add(tokens: prompt.prefix(12) + [500 + UInt32(index)], results: .last)
            _ = scheduler.complete(step: scheduler.next(at: 0)!.id, at: 0)
            scheduler.finish(id)
            ended.append(id)
        }
        #expect(scheduler.report.pages.dormant == 5)
        let id = scheduler.add(tokens: prompt, results: .last)
        let fork = scheduler.next(at: 1)!
        guard case .fork(id, let source, 12) = fork.entries[0] else { Issue.record("\(fork.entries)"); return }
        #expect(ended.contains(source))
        #expect(scheduler.fail(step: fork.id, lacksCaches: true) == [id])
        scheduler.restart(id)
        // Not from the other one either, which may be gone as well.
        let anew = scheduler.next(at: 2)!
        #expect(
            anew.entries == [
                .close(sequence: source), .close(sequence: id), .open(sequence: id),
                .rows(sequence: id, position: 0, count: 20, output: .last),
            ])
        _ = scheduler.complete(step: anew.id, at: 2)
        // Others share the one that is left, and what is computed now.
        let other = scheduler.add(tokens: prompt, results: .last)
        let last = scheduler.next(at: 3)!
        guard case .fork(other, let left, _) = last.entries[0] else { Issue.record("\(last.entries)"); return }
        #expect(left != source)
    }

    @Test func `a stage that names an ended sequence has it dropped`() {
        var scheduler = Scheduler(limits: .init(context: 64, slots: 2, stages: 1, positionsPerPage: 4))
        let ended = scheduler.add(tokens: SimulatedPipe.prompt(20, seed: 1), results: .last)
        _ = scheduler.complete(step: scheduler.next(at: 0)!.id, at: 0)
        scheduler.finish(ended)
        let id = scheduler.add(tokens: SimulatedPipe.prompt(20, seed: 2), results: .last)
        let step = scheduler.next(at: 1)!
        #expect(scheduler.fail(step: step.id, named: [ended, 77]) == [id])
        #expect(scheduler.report.pages.dormant == 0)
    }
}
