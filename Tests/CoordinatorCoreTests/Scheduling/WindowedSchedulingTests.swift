import CoordinatorCore
import ModelGraph
import Placement
import Testing
import Wire

/// Models whose layers have windows: what was given back is not built on, and what is asked for again is kept.
struct WindowedSchedulingTests {
    private let window = 32

    private func pipe(slots: Int = 4, rows: Int = 64) -> SimulatedPipe {
        var limits = Scheduler.Limits(
            context: 1024, slots: slots, stages: 1, rowsPerStep: rows, positionsPerPage: 16)
        let room = CacheRoom(
            context: 1024, slots: slots, rowsPerStep: rows, pagePositions: 16, positions: limits.pages * 16, slack: 16)
        limits.windows = Scheduler.Windows([window], room: room)
        var pipe = SimulatedPipe(limits, stages: [.init(fixed: 4, perGenerating: 1, perPrompt: 1)], hop: 0.1)
        pipe.windowPages = room.positions(window: window) / 16
        return pipe
    }

    private func request(_ system: Int, _ own: UInt32, most: Int = 100) -> SimulatedPipe.Request {
        .init(prompt: SimulatedPipe.prompt(system, seed: 1) + SimulatedPipe.prompt(30, seed: 100 + own), most: most)
    }

    @Test func `the coordinator knows what stages keep`() {
        #expect(CacheRoom.slack == StateKind.slack)
        let windows = Scheduler.Windows(smallest: 1000)
        for reach in stride(from: 0, to: 4000, by: 13) {
            for position in stride(from: 1, to: max(2, reach), by: 7) where windows.canGoOn(at: position, reach: reach)
            {
                for window in [1000, 1001, 3000] {
                    #expect(StateKind.window(window).canGoOn(at: position, reach: reach))
                }
            }
        }
        for window in [1, 64, 1000] {
            let room = CacheRoom(context: 8192, slots: 1, rowsPerStep: 256, pagePositions: 64)
            let work = StateKind.window(window).mostPages(positions: 8192, rows: 256)
            let rest = StateKind.window(window).mostPages(positions: 8192, rows: 0)
            #expect(room.positions(window: window) == 64 * (work + 2 * rest))
        }
    }

    @Test func `a system prompt is computed twice, then never again`() {
        var pipe = pipe()
        var computed: [Int] = []
        for own in 0..<5 as Range<UInt32> {
            let rows = pipe.rowsComputed
            pipe.run([request(200, own)])
            computed.append(pipe.rowsComputed - rows)
            #expect(pipe.answers.last?.tokens == SimulatedPipe.expected(request(200, own), context: 1024))
        }
        // The second finds that it begins like the first, which has gone on; it leaves a fork for the others.
        #expect(computed == [230 + 99, 230 + 99, 30 + 99, 30 + 99, 30 + 99])
        #expect(pipe.answers.map(\.cachedTokens) == [0, 0, 200, 200, 200])
    }

    @Test func `requests that come together compute their system prompt once`() {
        var pipe = pipe()
        pipe.run((0..<4).map { request(200, $0) })
        #expect(pipe.rowsComputed == 200 + 4 * (30 + 99))
        #expect(pipe.answers.map(\.cachedTokens).sorted() == [0, 200, 200, 200])
    }

    @Test func `the turns of a conversation compute only what is new`() {
        var pipe = pipe(slots: 1)
        var tokens = SimulatedPipe.prompt(100, seed: 7)
        for turn in 0..<6 {
            let rows = pipe.rowsComputed
            pipe.run([.init(prompt: tokens, most: 60)])
            let answer = pipe.answers.last!
            #expect(answer.cachedTokens == (turn == 0 ? 0 : tokens.count - 11))
            #expect(pipe.rowsComputed - rows == tokens.count - answer.cachedTokens + 59)
            tokens += answer.tokens + SimulatedPipe.prompt(10, seed: 50 + UInt32(turn))
        }
    }

    @Test func `what little was given back of a short answer is no hindrance`() {
        var pipe = pipe()
        // 16 positions may be cut back, and the whole answer is shorter.
        pipe.run([request(200, 1, most: 10)])
        pipe.run([request(200, 1, most: 10)])
        #expect(pipe.answers.map(\.cachedTokens) == [0, 229])
    }

    @Test func `forks that were left go when there is no room, and fail as others do`() {
        var pipe = pipe(slots: 1)
        for own in 0..<3 as Range<UInt32> { pipe.run([request(200, own)]) }
        #expect(pipe.answers.last?.cachedTokens == 200)
        // Others take the two places that there are for what has ended.
        for own in 0..<3 as Range<UInt32> {
            pipe.run([.init(prompt: SimulatedPipe.prompt(300, seed: 600 + own), most: 3)])
        }
        pipe.run([request(200, 9)])
        #expect(pipe.answers.last?.cachedTokens == 0)
    }

    @Test func `a fork that could not be made is forgotten, and nobody waits for it`() {
        var limits = Scheduler.Limits(context: 256, slots: 2, stages: 1, rowsPerStep: 64, positionsPerPage: 4)
        limits.windows = Scheduler.Windows(smallest: 8, slack: 4, resting: 3)
        var scheduler = Scheduler(limits: limits)
        func run(_ prompt: [UInt32]) -> UInt32 {
            let id = scheduler.add(tokens: prompt, results: .last)
            for _ in 0..<8 { _ = scheduler.next(at: 0).map { scheduler.complete(step: $0.id, at: 0) } }
            return id
        }
        let prompt = SimulatedPipe.prompt(60, seed: 1)
        scheduler.finish(run(prompt))
        let second = scheduler.add(tokens: prompt.prefix(20) + SimulatedPipe.prompt(30, seed: 9), results: .last)
        let first = scheduler.next(at: 1)!
        #expect(first.entries.last == .rows(sequence: second, position: 0, count: 20, output: .none))
        let fork = scheduler.next(at: 1)!
        guard case .fork(let left, second, 20) = fork.entries.first else { Issue.record("\(fork.entries)"); return }
        _ = scheduler.complete(step: first.id, at: 2)
        #expect(scheduler.fail(step: fork.id, lacksCaches: true) == [second])
        scheduler.restart(second)
        let again = scheduler.next(at: 3)!
        #expect(again.entries.contains(.close(sequence: left)))
        #expect(again.entries.contains(.open(sequence: second)))
        _ = scheduler.complete(step: again.id, at: 4)
        #expect(scheduler.waiting == 0 && scheduler.running == 1)
    }

    @Test func `after a loss a long sequence begins anew where stages cannot go back so far`() {
        var limits = Scheduler.Limits(context: 256, slots: 2, stages: 2, rowsPerStep: 64, positionsPerPage: 4)
        limits.windows = Scheduler.Windows(smallest: 8, slack: 4, resting: 3)
        for (held, anew) in [(97, false), (96, false), (94, true), (0, true)] {
            var scheduler = Scheduler(limits: limits)
            let id = scheduler.add(tokens: SimulatedPipe.prompt(100, seed: 1), results: .last)
            while let step = scheduler.next(at: 0) { _ = scheduler.complete(step: step.id, at: 1) }
            scheduler.suspend()
            #expect(scheduler.kept == [KeptSequence(sequence: id, positions: 100)])
            scheduler.resume(
                limits: limits,
                held: [
                    [KeptSequence(sequence: id, positions: 100)], [KeptSequence(sequence: id, positions: UInt32(held))],
                ])
            let step = scheduler.next(at: 2)!
            if anew {
                #expect(step.entries.prefix(2) == [.close(sequence: id), .open(sequence: id)])
            } else {
                #expect(
                    step.entries == [
                        .rows(sequence: id, position: UInt32(held), count: UInt32(100 - held), output: .none)
                    ])
                #expect(step.replayThrough == 1)
            }
        }
    }
}
