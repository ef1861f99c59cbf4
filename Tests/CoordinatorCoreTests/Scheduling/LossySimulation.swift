import CoordinatorCore
import TestSupport
import Testing
import Wire

/// Stages behind a scheduler, each with caches of its own, that are lost and replaced at any moment, with steps anywhere on their way.
struct LossySimulation {
    private struct Running {
        var request: Int
        var most: Int
    }

    private var scheduler: Scheduler
    private var random: SeededGenerator
    private var stages: [SimulatedCaches]
    /// Steps on their way, and how many stages each has passed.
    private var onTheWay: [(step: Scheduler.PlannedStep, passed: Int)] = []
    private var running: [UInt32: Running] = [:]
    private(set) var answers: [[UInt32]] = []
    /// What stages had when they were lost, which may come back.
    private var away: [[SimulatedCaches]]
    private var hasReturned = false
    private(set) var replayedRows = 0
    private(set) var losses = 0
    /// Of how many stages' passes one is refused, as for want of memory; nil for none.
    private let faultEvery: Int?
    private(set) var faults = 0
    /// Of how many events one is that a stage loses a sequence's cache, and nobody is told; nil for none.
    private let forgetEvery: Int?
    /// How often each sequence was told to be lost by a fault.
    private var hits: [UInt32: Int] = [:]

    /// How a stage takes a step.
    private enum Outcome {
        case passed
        /// As for want of memory.
        case refused
        case lacksCaches
    }

    init(
        _ limits: Scheduler.Limits, faultEvery: Int? = nil, forgetEvery: Int? = nil, random: SeededGenerator
    ) {
        scheduler = Scheduler(limits: limits)
        self.faultEvery = faultEvery
        self.forgetEvery = forgetEvery
        self.random = random
        stages = (0..<limits.stages).map { _ in SimulatedCaches(limits) }
        away = stages.map { _ in [] }
    }

    /// Runs requests to their ends, and loses stages now and then.
    mutating func run(_ requests: [SimulatedPipe.Request], lossEvery events: Int) {
        answers = requests.map { _ in [] }
        for (index, request) in requests.enumerated() {
            let id = scheduler.add(tokens: request.prompt, results: .last, client: request.client)
            running[id] = Running(request: index, most: request.most)
        }
        var clock = 0.0
        var idle = 0
        while !running.isEmpty, idle < 1000 {
            clock += 1
            idle += 1
            if Int.random(in: 0..<events, using: &random) == 0 {
                lose()
                idle = 0
            }
            if let forgetEvery, Int.random(in: 0..<forgetEvery, using: &random) == 0 {
                let stage = Int.random(in: stages.indices, using: &random)
                if stages[stage].forget(using: &random) { faults += 1 }
            }
            if Bool.random(using: &random), let step = scheduler.next(at: clock) {
                onTheWay.append((step, 0))
                idle = 0
            }
            // Any step goes one stage further that does not overtake the one before it.
            let ready = onTheWay.indices.filter { $0 == 0 || onTheWay[$0 - 1].passed > onTheWay[$0].passed }
            guard let index = ready.randomElement(using: &random) else { continue }
            idle = 0
            let outcome = pass(onTheWay[index].step, stage: onTheWay[index].passed)
            guard outcome == .passed else {
                refuse(onTheWay.remove(at: index).step, lacksCaches: outcome == .lacksCaches)
                continue
            }
            onTheWay[index].passed += 1
            if onTheWay[index].passed == stages.count {
                #expect(index == 0)
                take(onTheWay.removeFirst().step, at: clock)
            }
        }
        #expect(running.isEmpty, "the scheduler stands still")
    }

    /// A stage refuses a step by chance, or because one before it was refused, or it has lost what that needs. Where that is by chance,
    /// commands are obeyed all the same.
    private mutating func pass(_ step: Scheduler.PlannedStep, stage: Int) -> Outcome {
        if let through = step.replayThrough, stage > through { return .passed }
        if faultEvery != nil || forgetEvery != nil {
            guard stages[stage].takes(step) else { return .lacksCaches }
            if let faultEvery, !step.tokens.isEmpty, Int.random(in: 0..<faultEvery, using: &random) == 0 {
                faults += 1
                for entry in step.entries where entry.rowCount == 0 && step.replayThrough == nil {
                    stages[stage].obey(entry)
                }
                return .refused
            }
        }
        var tokens = step.tokens[...]
        for entry in step.entries {
            switch entry {
            case .rows(let sequence, let position, let count, _):
                let rows = tokens.prefix(Int(count))
                if step.replayThrough == nil {
                    stages[stage].write(rows, at: Int(position), of: sequence)
                } else {
                    stages[stage].rewrite(rows, at: Int(position), of: sequence)
                    replayedRows += rows.count
                }
                tokens = tokens.dropFirst(Int(count))
            case .fork(let sequence, let source, let positions) where step.replayThrough != nil:
                stages[stage].refork(sequence, from: source, positions: positions)
            default: stages[stage].obey(entry)
            }
        }
        defer { stages[stage].giveBack() }
        // Behind a fault what was to be closed is still open; and what came back may have apart what the others share since.
        guard faultEvery == nil, forgetEvery == nil, !hasReturned else { return .passed }
        let limits = scheduler.limits
        #expect(stages[stage].pageCount <= limits.pages, "\(stages[stage].pageCount) pages of \(limits.pages)")
        #expect(stages[stage].openCount <= limits.openSequences)
        return .passed
    }

    /// Does what the engine does: its sequences begin anew.
    private mutating func refuse(_ step: Scheduler.PlannedStep, lacksCaches: Bool) {
        for sequence in scheduler.fail(step: step.id, lacksCaches: lacksCaches) {
            hits[sequence, default: 0] += 1
            #expect(
                hits[sequence]! <= faults, "sequence \(sequence): \(hits[sequence]!) times lost by \(faults) faults")
            scheduler.restart(sequence)
        }
    }

    private mutating func take(_ step: Scheduler.PlannedStep, at clock: Double) {
        #expect(scheduler.complete(step: step.id, at: clock) == step)
        for result in step.results {
            guard let sequence = running[result.sequence] else { continue }
            // The last stage has done this step last; the others may have gone on.
            let token = SimulatedPipe.token(after: stages[stages.count - 1].content(of: result.sequence))
            answers[sequence.request].append(token)
            if answers[sequence.request].count == sequence.most {
                running[result.sequence] = nil
                scheduler.finish(result.sequence)
            } else {
                scheduler.extend(result.sequence, with: token)
            }
        }
    }

    /// Some stages are lost, or only the steps on their way.
    private mutating func lose() {
        losses += 1
        onTheWay = []
        scheduler.suspend()
        // Somebody may go meanwhile.
        let kept = scheduler.kept
        let page = scheduler.limits.positionsPerPage
        var held: [[KeptSequence]] = []
        for index in stages.indices {
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                away[index].append(stages[index].copied())
                stages[index] = SimulatedCaches(scheduler.limits)
                held.append(stages[index].takeOver(kept))
            case 1:
                // A standby took over, which was some pages behind.
                let most = page * Int.random(in: 0...4, using: &random)
                held.append(stages[index].takeOver(kept) { _ in most })
            case 2:
                // A device comes back that was away while others went on.
                if let before = away[index].randomElement(using: &random) {
                    stages[index] = before.copied()
                    hasReturned = true
                }
                held.append(stages[index].takeOver(kept))
            default: held.append(stages[index].takeOver(kept))
            }
        }
        scheduler.resume(limits: scheduler.limits, held: held)
    }
}

struct LossySimulationTests {
    @Test(arguments: 0..<400 as Range<UInt64>) func `every answer is right whatever is lost and when`(seed: UInt64) {
        check(seed)
    }

    @Test(arguments: 0..<150 as Range<UInt64>)
    func `every answer is right whatever steps are refused, and a fault is counted once`(
        seed: UInt64
    ) {
        check(seed, faultEvery: 25)
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `every answer is right whatever caches stages lose without telling, and a loss is counted once`(
        seed: UInt64
    ) {
        check(seed, forgetEvery: 150)
        check(seed, faultEvery: 80, forgetEvery: 300)
    }

    private func world(
        _ random: inout SeededGenerator
    ) -> (Scheduler.Limits, [SimulatedPipe.Request], ContextShift?) {
        let stages = Int.random(in: 1...4, using: &random)
        let context = Int.random(in: 12...60, using: &random)
        let positionsPerPage = [1, 4, 8].randomElement(using: &random)!
        let pages = (context + positionsPerPage - 1) / positionsPerPage
        let shift = Bool.random(using: &random) ? ContextShift(keep: .random(in: 0...20, using: &random)) : nil
        var limits = Scheduler.Limits(
            context: context, slots: .random(in: 1...6, using: &random), stages: stages,
            rowsPerStep: .random(in: 1...30, using: &random), positionsPerPage: positionsPerPage,
            pages: .random(in: pages...3 * pages, using: &random), contextShift: shift)
        _ = limits.addWindow(&random)
        var requests: [SimulatedPipe.Request] = []
        for _ in 0..<Int.random(in: 1...12, using: &random) {
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
                    most: .random(in: 1...max(1, room), using: &random)))
        }
        return (limits, requests, shift)
    }

    private func check(_ seed: UInt64, faultEvery: Int? = nil, forgetEvery: Int? = nil) {
        var random = SeededGenerator(seed: seed)
        let (limits, requests, shift) = world(&random)
        var simulation = LossySimulation(
            limits, faultEvery: faultEvery, forgetEvery: forgetEvery, random: random)
        simulation.run(requests, lossEvery: 60)
        let context = limits.context
        for (request, answer) in zip(requests, simulation.answers) {
            #expect(answer == SimulatedPipe.expected(request, context: context, shift: shift))
        }
    }
}
