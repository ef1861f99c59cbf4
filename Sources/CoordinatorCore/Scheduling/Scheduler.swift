package import Tokenizer
import Wire

/// Decides what the next step carries: which sequences go on, which wait, and which KV commands travel along.
///
/// A pure value without clock or I/O: the engine tells it what happened and when, and asks for steps. Sequences join and leave at any step
/// (continuous batching); prompts are cut into chunks that follow one another without waiting for results; a sequence that
/// generates has one row in flight at a time, because its next token depends on the last one's result.
///
/// - `Scheduler+Admission.swift`: who gets a slot and pages, and which cached beginning it shares.
/// - `Scheduler+Pages.swift`: what happens when pages run short.
/// - `Scheduler+Steps.swift`: the rows of a step.
/// - `Scheduler+Windows.swift`: what layers with a window gave back.
/// - `Scheduler+Replay.swift`: going on after a loss.
/// - `StepCosts`: the learned time of steps, from which groups and chunks follow.
///
/// Times are in seconds since any one moment.
package struct Scheduler: Sendable {
    struct SentStep: Sendable {
        var step: PlannedStep
        var sent: Double
        /// Whether no other step was in flight when it was sent.
        var foundEmpty: Bool
    }

    package private(set) var limits: Limits
    var sequences: [UInt32: ScheduledSequence] = [:]
    /// Sequences with a slot, the least recently served first.
    var live: [UInt32] = []
    /// Ended sequences whose caches are kept, the least recently used first.
    var dormant: [UInt32] = []
    var queue = FairQueue()
    var pool: PagePool
    var costs: StepCosts
    /// What decoding was planned for last.
    var pace: Pace
    /// Commands that go with the next step, in the order in which they were decided.
    var commands: [StepEntry] = []
    var inFlight: [UInt64: SentStep] = [:]
    /// Steps that go before all others: they fill caches of stages that have just begun.
    var replays: [PlannedStep] = []
    /// When prompts of clients were served last, by step, so that they take turns.
    var promptTurns: [String: UInt64] = [:]
    /// Time that steps with generating rows had left for prompts, too little for a row each, in seconds.
    var savedSeconds = 0.0
    var totals = SchedulerReport.Totals()
    package private(set) var nextStepID: UInt64 = 1
    /// The last step that was sent before a fault was known. What comes of all up to it is waited for: they may fail with the one that did,
    /// and what begins anew must not be in their way.
    private var lastBeforeFault: UInt64 = 0
    private var nextSequenceID: UInt32

    /// - Parameter firstSequence: the first sequence's number. Workers may still have caches by the numbers of an earlier run.
    package init(limits: Limits, firstSequence: UInt32 = 1) {
        self.limits = limits
        nextSequenceID = firstSequence
        pool = PagePool(pages: limits.pages)
        costs = StepCosts(stages: limits.stages, depth: limits.depth)
        pace = costs.pace(generating: 0, reach: 0, keeping: nil)
    }

    package var running: Int { live.count }
    package var waiting: Int { queue.count }
    package var stepsInFlight: Int { inFlight.count }

    package func isInFlight(_ step: UInt64) -> Bool { inFlight[step] != nil }

    /// The step that has been on its way for longest: its number and rows, and what it is expected to take alone; nil until times are known.
    package var oldestInFlight: (id: UInt64, rows: Int, latencySeconds: Double?)? {
        guard let (id, sent) = inFlight.min(by: { $0.key < $1.key }) else { return nil }
        // A replay tells no kinds.
        let rows = sent.step.rows.count > 0 ? sent.step.rows : StepRows(prompt: sent.step.tokens.count)
        return (id, sent.step.tokens.count, costs.isKnown ? costs.latencySeconds(rows) : nil)
    }

    /// Forgets all sequences and steps, for a new placement. Numbers go on, so that nothing of the old one is mistaken for new.
    package mutating func reset(limits: Limits) {
        var fresh = Scheduler(limits: limits, firstSequence: nextSequenceID)
        fresh.nextStepID = nextStepID
        fresh.totals = totals
        self = fresh
    }

    mutating func adopt(_ limits: Limits) { self.limits = limits }

    /// Adds a sequence to the queue.
    ///
    /// - Parameters:
    ///   - client: whose it is: clients get equal shares.
    ///   - chunk: the most tokens of its prompt in one step; `nil` is as many as a step carries.
    /// - Returns: the sequence's number, new in this scheduler's life.
    /// - Precondition: at least one token, and no more than the context.
    package mutating func add(
        tokens: [TokenID], results: Results, client: String = "", chunk: Int? = nil
    ) -> UInt32 {
        precondition(!tokens.isEmpty && tokens.count <= limits.context, "\(tokens.count) tokens")
        let id = nextNumber()
        sequences[id] = ScheduledSequence(
            client: client, results: results, chunk: min(chunk ?? limits.rowsPerStep, limits.rowsPerStep),
            tokens: tokens)
        queue.arrive(id, of: client)
        return id
    }

    /// A number that no sequence had.
    mutating func nextNumber() -> UInt32 {
        defer { nextSequenceID += 1 }
        return nextSequenceID
    }

    /// Goes on with a sequence: `token` is what was chosen for its last result.
    ///
    /// - Precondition: the context has room, or it may be shifted.
    package mutating func extend(_ id: UInt32, with token: TokenID) {
        guard sequences[id] != nil else { return }
        sequences[id]!.tokens.append(token)
        totals.generatedTokens += 1
        if sequences[id]!.tokens.count > limits.context { shift(id) }
    }

    /// Ends a sequence whose answer is complete; its cache is kept as long as nobody needs the pages.
    package mutating func finish(_ id: UInt32) {
        guard let sequence = sequences[id] else { return }
        guard sequence.phase == .open, sequence.rowsInFlight == 0, sequence.position >= limits.positionsPerPage else {
            return remove(id)
        }
        queue.leave(sequence.client)
        keep(id)
    }

    /// Ends a sequence, whether it waits, runs or has rows in flight; its pages are free at once, and its KV cache is closed with
    /// the next step.
    package mutating func remove(_ id: UInt32) {
        guard let sequence = sequences[id], sequence.phase != .dormant else { return }
        queue.remove(id, of: sequence.client)
        withdraw(id)
        sequences[id] = nil
        queue.leave(sequence.client)
    }

    /// Takes a step's results as arrived.
    ///
    /// - Returns: what the step was, or `nil` if no such step is in flight.
    package mutating func complete(step id: UInt64, at now: Double) -> PlannedStep? {
        let inFlight = inFlight.count
        guard let sent = take(id) else { return nil }
        confirm(sent.step)
        // A replay does not pass all stages.
        guard sent.step.replayThrough == nil else { return sent.step }
        costs.observe(
            sent.step.rows, sent: sent.sent, foundEmpty: sent.foundEmpty, inFlight: inFlight, completed: now)
        return sent.step
    }

    /// Takes a step as failed on its way: the stages behind the fault have not heard of it, so its closes are sent again.
    ///
    /// What ended sequences left is not trusted either, where the step was to begin with it or the stage names it: it is dropped.
    ///
    /// - Parameters:
    ///   - named: sequences that the stage says are not to be trusted, besides those of the step.
    ///   - lacksCaches: whether the stage did not have what it should: then what begins anew shares no beginning, for others may be gone as
    ///     well.
    /// - Returns: the sequences that cannot go on, in order: those with rows in it, and those whose caches it was to begin or shorten. One
    ///   that has begun anew since is not among them: the steps behind a fault fail with it.
    package mutating func fail(step id: UInt64, named: [UInt32] = [], lacksCaches: Bool = false) -> [UInt32] {
        guard let sent = take(id) else { return [] }
        lastBeforeFault = nextStepID - 1
        var lost: [UInt32] = []
        var doubtful = named
        for entry in sent.step.entries {
            if case .fork(_, let source, _) = entry { doubtful.append(source) }
            let isLost: Bool
            if case .close(let sequence) = entry {
                // One that has begun again under its number, at stages that still have what was to be closed, must do so once more.
                isLost = sequences[sequence]?.beginning != nil
                // Before what is to begin under that number.
                if !isLost { commands.insert(entry, at: 0) }
            } else {
                isLost = concerns(entry, ofStep: id)
            }
            guard isLost else { continue }
            // A fork that was left for others is of use to nobody now.
            if sequences[entry.sequence]?.phase == .dormant {
                doubtful.append(entry.sequence)
            } else if !lost.contains(entry.sequence) {
                lost.append(entry.sequence)
            }
        }
        // One at work that a stage has lost is found when its next rows come there.
        for source in doubtful {
            guard let sequence = sequences[source], sequence.phase == .dormant, let beginning = sequence.beginning,
                beginning <= id
            else { continue }
            drop(source)
        }
        if lacksCaches { for sequence in lost { sequences[sequence]?.sharesBeginning = false } }
        return lost
    }

    /// Whether an entry of a step that failed is about what its sequence is now.
    private func concerns(_ entry: StepEntry, ofStep id: UInt64) -> Bool {
        guard let sequence = sequences[entry.sequence] else { return false }
        if let beginning = sequence.beginning, beginning <= id { return true }
        // Results that were asked for before it lost its pages are asked for again only when it is restarted.
        if case .rows(_, _, _, output: .all) = entry { return sequence.restarted <= id }
        return false
    }

    /// The next step to send, or `nil` if the pipe is full or nobody is ready.
    package mutating func next(at now: Double) -> PlannedStep? {
        guard inFlight.count < limits.stepsInFlight, !inFlight.keys.contains(where: { $0 <= lastBeforeFault }) else {
            return nil
        }
        if !replays.isEmpty { return send(replays.removeFirst(), at: now) }
        forkJoining()
        leaveForks()
        admit()
        var step = PlannedStep(id: nextStepID, entries: [], tokens: [], results: [])
        addRows(to: &step)
        // Commands alone can wait for the steps in flight.
        guard !step.entries.isEmpty || !commands.isEmpty && inFlight.isEmpty else { return nil }
        // Commands come first: what they free is there for the rows, and none is about a sequence with rows in this step.
        for command in commands {
            switch command {
            case .open(let id), .fork(let id, _, _): sequences[id]?.beginning = step.id
            case .rows, .trim, .close: break
            }
        }
        step.entries = commands + step.entries
        commands = []
        return send(step, at: now)
    }

    private mutating func send(_ step: PlannedStep, at now: Double) -> PlannedStep {
        var step = step
        step.id = nextStepID
        nextStepID += 1
        inFlight[step.id] = SentStep(step: step, sent: now, foundEmpty: inFlight.isEmpty)
        return step
    }

    /// Every stage has obeyed a step.
    private mutating func confirm(_ step: PlannedStep) {
        guard step.replayThrough == nil else { return }
        for entry in step.entries {
            let id = entry.sequence
            guard let beginning = sequences[id]?.beginning else { continue }
            switch entry {
            case .open where beginning == step.id: sequences[id]!.isBegun = true
            case .fork(_, _, let positions) where beginning == step.id:
                sequences[id]!.isBegun = true
                sequences[id]!.confirmed = max(sequences[id]!.confirmed, Int(positions))
            case .rows(_, let position, let count, let output):
                let end = Int(position + count)
                if output == .all { sequences[id]!.resultsReceived = max(sequences[id]!.resultsReceived, end) }
                // Not of a cache that it had before.
                if beginning <= step.id { sequences[id]!.confirmed = max(sequences[id]!.confirmed, end) }
            case .trim where beginning < step.id: sequences[id]!.trimsInFlight -= 1
            case .open, .fork, .trim, .close: break
            }
        }
    }

    private mutating func take(_ id: UInt64) -> SentStep? {
        guard let sent = inFlight.removeValue(forKey: id) else { return nil }
        for entry in sent.step.entries where entry.rowCount > 0 && sent.step.replayThrough == nil {
            sequences[entry.sequence]?.rowsInFlight -= entry.rowCount
        }
        return sent
    }
}
