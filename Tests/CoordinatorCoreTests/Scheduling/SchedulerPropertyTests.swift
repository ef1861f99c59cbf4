import CoordinatorCore
import TestSupport
import Testing
import Wire

/// Random events against a twin that only keeps account.
struct SchedulerPropertyTests {
    /// What the twin knows of one sequence.
    private struct Account {
        var tokens: [UInt32]
        var generates: Bool
        var sent = 0
        var opened = false
        var closed = false
        var removed = false
        /// Whether its last row is on its way.
        var awaited = false
    }

    @Test(arguments: 0..<100 as Range<UInt64>) func `every order of events keeps the promises`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limits = Scheduler.Limits(
            context: 40, slots: .random(in: 1...4, using: &random), stages: .random(in: 1...4, using: &random),
            rowsPerStep: .random(in: 1...9, using: &random))
        var scheduler = Scheduler(limits: limits)
        var accounts: [UInt32: Account] = [:]
        var inFlight: [Scheduler.PlannedStep] = []
        var lastStep: UInt64 = 0
        var clock = 0.0

        func take(_ step: Scheduler.PlannedStep) {
            #expect(step.id > lastStep)
            lastStep = step.id
            #expect(!step.entries.isEmpty)
            #expect(step.tokens.count <= limits.rowsPerStep)
            var tokens = step.tokens[...]
            var results: [Scheduler.PlannedStep.Result] = []
            for entry in step.entries {
                let id = entry.sequence
                var account = accounts[id]!
                switch entry {
                case .open:
                    #expect(!account.opened)
                    account.opened = true
                case .close:
                    #expect(account.opened && account.removed && !account.closed)
                    account.closed = true
                case .rows(_, let position, let count, let output):
                    #expect(account.opened && !account.removed && !account.closed)
                    #expect(Int(position) == account.sent)
                    #expect(count > 0)
                    let rows = tokens.prefix(Int(count))
                    #expect(Array(rows) == Array(account.tokens.dropFirst(account.sent).prefix(Int(count))))
                    tokens = tokens.dropFirst(Int(count))
                    // One row in flight for an answer that grows.
                    #expect(!(account.generates && account.awaited))
                    account.sent += Int(count)
                    let isLast = account.sent == account.tokens.count
                    #expect(output == (account.generates ? (isLast ? .last : .none) : .all))
                    if account.generates { account.awaited = isLast }
                    if output != .none { results.append(.init(sequence: id, rows: output.wanted(of: Int(count)))) }
                default: Issue.record("unexpected \(entry)")
                }
                accounts[id] = account
            }
            #expect(tokens.isEmpty)
            #expect(step.results == results)
            inFlight.append(step)
        }

        func complete(_ index: Int) {
            let step = inFlight.remove(at: index)
            #expect(scheduler.complete(step: step.id, at: clock) == step)
            for result in step.results {
                var account = accounts[result.sequence]!
                guard account.generates, !account.removed else { continue }
                account.awaited = false
                if account.tokens.count < limits.context, Int.random(in: 0..<8, using: &random) > 0 {
                    let token = UInt32.random(in: 0..<100, using: &random)
                    account.tokens.append(token)
                    scheduler.extend(result.sequence, with: token)
                } else {
                    account.removed = true
                    scheduler.remove(result.sequence)
                }
                accounts[result.sequence] = account
            }
        }

        for _ in 0..<400 {
            clock += .random(in: 0...1, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<2:
                let tokens = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                    UInt32.random(in: 0..<100, using: &random)
                }
                let generates = Bool.random(using: &random)
                let id = scheduler.add(
                    tokens: tokens, results: generates ? .last : .all,
                    chunk: Bool.random(using: &random) ? nil : .random(in: 1...12, using: &random))
                #expect(accounts[id] == nil)
                accounts[id] = Account(tokens: tokens, generates: generates)
            case 2:
                guard let id = accounts.keys.sorted().randomElement(using: &random) else { continue }
                accounts[id]!.removed = true
                scheduler.remove(id)
            case 3..<7:
                let wasFull = inFlight.count == limits.stepsInFlight
                let step = scheduler.next(at: clock)
                #expect(!wasFull || step == nil)
                if let step { take(step) }
            default:
                guard !inFlight.isEmpty else { continue }
                // Steps come back in order.
                complete(0)
            }
            #expect(scheduler.stepsInFlight == inFlight.count)
            #expect(inFlight.count <= limits.stepsInFlight)
            #expect(scheduler.running <= limits.slots)
            let live = accounts.values.count { !$0.removed }
            #expect(scheduler.running + scheduler.waiting == live)
        }
        // All that is left is sent, ends, and is closed.
        for _ in 0..<100_000 {
            if let step = scheduler.next(at: clock) {
                take(step)
            } else if !inFlight.isEmpty {
                complete(0)
            } else {
                guard
                    let id = accounts.filter({ !$0.value.removed && !$0.value.generates }).keys.sorted().first(where: {
                        accounts[$0]!.sent == accounts[$0]!.tokens.count
                    })
                else { break }
                accounts[id]!.removed = true
                scheduler.remove(id)
            }
        }
        for (id, account) in accounts {
            #expect(account.removed, "sequence \(id) hangs")
            #expect(account.opened == account.closed, "sequence \(id)")
        }
        #expect(scheduler.running == 0)
        #expect(scheduler.waiting == 0)
    }

    /// Whole requests against a simulated pipe: every answer is what the model says alone, whatever is shared, evicted, preempted,
    /// shifted or given up, and no page is lost.
    @Test(arguments: 0..<150 as Range<UInt64>) func `every answer is right under any limits`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let stages = Int.random(in: 1...4, using: &random)
        let context = Int.random(in: 12...60, using: &random)
        let positionsPerPage = [1, 4, 8].randomElement(using: &random)!
        let pages = (context + positionsPerPage - 1) / positionsPerPage
        let shift = Bool.random(using: &random) ? ContextShift(keep: .random(in: 0...20, using: &random)) : nil
        var limits = Scheduler.Limits(
            context: context, slots: .random(in: 1...6, using: &random), stages: stages,
            rowsPerStep: .random(in: 1...30, using: &random), positionsPerPage: positionsPerPage,
            pages: .random(in: pages...3 * pages, using: &random), contextShift: shift)
        let windowPages = limits.addWindow(&random)
        var pipe = SimulatedPipe(
            limits,
            stages: (0..<stages).map { _ in
                .init(
                    fixed: .random(in: 0.1...4, using: &random), perGenerating: .random(in: 0...1, using: &random),
                    perPrompt: .random(in: 0...1, using: &random))
            }, hop: .random(in: 0...2, using: &random))
        pipe.windowPages = windowPages
        var requests: [SimulatedPipe.Request] = []
        for _ in 0..<Int.random(in: 1...30, using: &random) {
            // Beginnings are often those of others: a prompt, or an answer and more.
            var prompt: [UInt32] = []
            if let other = requests.randomElement(using: &random), Bool.random(using: &random) {
                let whole = other.prompt + SimulatedPipe.expected(other, context: context, shift: shift)
                prompt = Array(whole.prefix(.random(in: 0..<context, using: &random)))
            }
            let more = Int.random(in: 0..<context - prompt.count, using: &random)
            prompt += SimulatedPipe.prompt(
                max(more, prompt.isEmpty ? 1 : 0), seed: .random(in: 0...999, using: &random))
            let room = shift == nil ? context - prompt.count : 2 * context
            requests.append(
                .init(
                    client: "\(Int.random(in: 0...2, using: &random))", prompt: prompt,
                    most: .random(in: 1...max(1, room), using: &random), time: .random(in: 0...200, using: &random),
                    leavesAfter: Int.random(in: 0..<5, using: &random) == 0 ? .random(in: 1...20, using: &random) : nil)
            )
        }
        pipe.run(requests)
        for (request, answer) in zip(requests, pipe.answers) {
            let expected = SimulatedPipe.expected(request, context: context, shift: shift)
            #expect(answer.tokens == Array(expected.prefix(request.leavesAfter ?? .max)))
            #expect(answer.ended == (request.leavesAfter.map { $0 >= request.most } ?? true))
        }
        let report = pipe.scheduler.report
        #expect(report.pages.dormant + report.pages.free == limits.pages)
        #expect(report.waiting == [])
    }
}
