import Tokenizer
package import Wire

/// Going on after a loss: what was on its way is gone, and the stages of a new placement begin with what they have kept.
extension Scheduler {
    /// Forgets what was on its way, and the caches that nobody works with. Nothing may be sent until `resume`; sequences may come and go.
    ///
    /// A sequence goes on from the positions whose steps came back. One whose cache was just being begun or shortened, so that stages may
    /// differ, waits for a slot and begins anew.
    package mutating func suspend() {
        inFlight = [:]
        replays = []
        savedSeconds = 0
        for id in dormant {
            pool.releaseDormant(sequences[id]!.pages)
            sequences[id] = nil
        }
        dormant = []
        for id in sequences.keys {
            sequences[id]!.rowsInFlight = 0
            sequences[id]!.resultsAsked = min(sequences[id]!.resultsAsked, sequences[id]!.resultsReceived)
        }
        for id in live where sequences[id]!.phase != .waiting {
            if sequences[id]!.isSteady {
                sequences[id]!.position = sequences[id]!.confirmed
            } else {
                preempt(id)
            }
        }
        // The new stages begin with what is kept and nothing else.
        commands = []
    }

    /// The sequences whose caches the stages of a new placement begin with, after `suspend`.
    package var kept: [KeptSequence] {
        keptOrder.map { id in
            KeptSequence(
                sequence: id, positions: UInt32(sequences[id]!.position), trims: UInt32(sequences[id]!.trims))
        }
    }

    /// Goes on with a placement whose stages have begun with what was kept; what some of them lack is replayed first.
    ///
    /// - Parameters:
    ///   - held: for each stage, in order, what it has of the kept sequences.
    /// - Precondition: context, slots and pages are as before.
    package mutating func resume(limits: Limits, held: [[KeptSequence]]) {
        precondition(
            limits.context == self.limits.context && limits.pages == self.limits.pages,
            "a placement with other caches")
        adopt(limits)
        costs = StepCosts(stages: limits.stages, depth: limits.depth)
        pace = costs.pace(generating: 0, reach: 0, keeping: nil)
        let (steps, anew) = replaySteps(
            held.map { Dictionary($0.map { ($0.sequence, Int($0.positions)) }) { first, _ in first } })
        replays = steps
        for id in anew { preempt(id) }
    }

    /// Begins a sequence anew whose cache cannot be trusted; what is known of it is computed again.
    package mutating func restart(_ id: UInt32) {
        guard sequences[id] != nil else { return }
        sequences[id]!.resultsAsked = min(sequences[id]!.resultsAsked, sequences[id]!.resultsReceived)
        sequences[id]!.restarted = nextStepID
        dropReplays(of: id)
        dropForks(of: id)
        // Those whose beginning is still to be filled from it begin anew as well.
        let forks = replays.flatMap(\.entries).compactMap { entry -> UInt32? in
            if case .fork(let fork, from: id, _) = entry { fork } else { nil }
        }
        for fork in forks { restart(fork) }
        if sequences[id]!.phase != .waiting { preempt(id) }
    }

    /// What was to fill its cache, which is no longer wanted.
    private mutating func dropReplays(of id: UInt32) {
        for index in replays.indices {
            let step = replays[index]
            replays[index].entries = step.entries.filter { $0.sequence != id }
            replays[index].tokens = []
            var next = 0
            for entry in step.entries {
                let tokens = step.tokens[next..<next + entry.rowCount]
                next += entry.rowCount
                if entry.sequence != id { replays[index].tokens += tokens }
            }
        }
        replays.removeAll(where: \.entries.isEmpty)
    }

    /// Those that are about to begin with its cache, which stages may lack, look for another beginning.
    mutating func dropForks(of id: UInt32) {
        for command in commands {
            guard case .fork(let fork, from: id, _) = command else { continue }
            commands.removeAll { $0.sequence == fork }
            if sequences[fork]?.phase == .dormant {
                drop(fork)
                continue
            }
            dropForks(of: fork)
            preempt(fork)
        }
    }

    private var keptOrder: [UInt32] { live.filter { sequences[$0]!.phase == .open }.sorted() }

    /// The steps that fill what stages lack, all sequences together; and the sequences that begin anew, since stages that lack nothing gave
    /// back what the first rows of a replay would see.
    private func replaySteps(_ held: [[UInt32: Int]]) -> (steps: [PlannedStep], anew: [UInt32]) {
        var anew: [UInt32] = []
        var steps: [PlannedStep] = []
        var step = PlannedStep(id: 0, entries: [], tokens: [], results: [])
        var through = 0
        var earlier: [UInt32] = []
        for id in keptOrder {
            let sequence = sequences[id]!
            let shared = sharedBeginning(of: sequence, among: earlier)
            let positions = held.map { min($0[id] ?? 0, sequence.position) }
            // A stage with less than what is shared has just that once it has forked.
            let begin = positions.map { $0 < shared.positions ? shared.positions : $0 }.min() ?? 0
            guard let last = positions.lastIndex(where: { $0 < sequence.position }) else {
                earlier.append(id)
                continue
            }
            let forks = positions.contains { $0 < shared.positions }
            guard canGoOn(sequence, at: begin),
                !forks || sequences[shared.with].map({ canGoOn($0, at: shared.positions) }) ?? false
            else {
                anew.append(id)
                continue
            }
            earlier.append(id)
            through = max(through, last)
            if forks {
                step.entries.append(.fork(sequence: id, from: shared.with, positions: UInt32(shared.positions)))
            }
            var next = begin
            while next < sequence.position {
                let count = min(sequence.position - next, limits.rowsPerStep - step.tokens.count)
                step.entries.append(
                    .rows(sequence: id, position: UInt32(next), count: UInt32(count), output: .none))
                step.tokens += sequence.tokens[next..<next + count]
                next += count
                if step.tokens.count == limits.rowsPerStep {
                    steps.append(step)
                    step = PlannedStep(id: 0, entries: [], tokens: [], results: [])
                }
            }
        }
        if !step.entries.isEmpty { steps.append(step) }
        for index in steps.indices { steps[index].replayThrough = through }
        return (steps, anew)
    }

    /// The longest beginning, in whole pages, whose memory a sequence shares with one that is replayed before it.
    private func sharedBeginning(
        of sequence: ScheduledSequence, among earlier: [UInt32]
    ) -> (with: UInt32, positions: Int) {
        var best: (with: UInt32, positions: Int) = (0, 0)
        for id in earlier {
            let other = sequences[id]!
            let pages = zip(sequence.pages, other.pages).prefix { $0 == $1 }.count
            let positions = min(
                pages * limits.positionsPerPage, sequence.position / limits.positionsPerPage * limits.positionsPerPage,
                other.position / limits.positionsPerPage * limits.positionsPerPage)
            if positions > best.positions { best = (id, positions) }
        }
        return best
    }
}
