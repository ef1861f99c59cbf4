package import Tokenizer
package import Wire

/// Decides what the next step carries: which sequences go on, which wait, and which KV commands travel along.
///
/// A pure value without clock or I/O: the engine tells it what happened and asks for steps. Sequences join and leave at any
/// step (continuous batching); prompts are cut into chunks that follow one another without waiting for results; a
/// sequence that generates has one row in flight at a time, because its next token depends on the last one's result.
package struct Scheduler: Sendable {
    package struct Limits: Sendable, Hashable {
        /// Positions a sequence may have, in tokens.
        package var context: Int
        /// Sequences that hold a KV cache at a time; the others wait in order.
        package var slots: Int
        /// Steps between sending and result at a time: the number of stages keeps each of them busy.
        package var stepsInFlight: Int
        /// Rows of one step at most.
        package var rowsPerStep: Int

        package init(context: Int, slots: Int, stepsInFlight: Int, rowsPerStep: Int = 256) {
            precondition(context > 0 && slots > 0 && stepsInFlight > 0 && rowsPerStep > 0)
            self.context = context
            self.slots = slots
            self.stepsInFlight = stepsInFlight
            self.rowsPerStep = rowsPerStep
        }
    }

    /// Which rows of a sequence come back as logits.
    package enum Results: Sendable, Hashable {
        /// The last row of the tokens known so far: what generating needs.
        case last
        /// Each row: what scoring needs.
        case all
    }

    /// One step to send: its entries for the wire, the tokens of its rows in order, and whose results it brings.
    package struct PlannedStep: Sendable, Hashable {
        package var id: UInt64
        package var entries: [StepEntry]
        package var tokens: [TokenID]
        /// For each sequence with results, in order: how many rows come back.
        package var results: [Result]

        package struct Result: Sendable, Hashable {
            package var sequence: UInt32
            package var rows: Int

            package init(sequence: UInt32, rows: Int) {
                self.sequence = sequence
                self.rows = rows
            }
        }
    }

    private struct Sequence {
        let results: Results
        /// Tokens of a chunk at most.
        let chunk: Int
        /// Tokens known, but not sent yet.
        var pending: ArraySlice<TokenID>
        /// Positions sent.
        var position: Int
    }

    package private(set) var limits: Limits
    private var sequences: [UInt32: Sequence] = [:]
    private var waitingOrder: [UInt32] = []
    private var runningOrder: [UInt32] = []
    private var commands: [StepEntry] = []
    private var inFlight: [UInt64: PlannedStep] = [:]
    private var nextStepID: UInt64 = 1
    private var nextSequenceID: UInt32 = 1

    package init(limits: Limits) { self.limits = limits }

    package var running: Int { runningOrder.count }
    package var waiting: Int { waitingOrder.count }
    package var stepsInFlight: Int { inFlight.count }

    /// Forgets all sequences and steps, for a new placement. Numbers go on, so that nothing of the old one is mistaken for new.
    package mutating func reset(limits: Limits) {
        var fresh = Scheduler(limits: limits)
        fresh.nextStepID = nextStepID
        fresh.nextSequenceID = nextSequenceID
        self = fresh
    }

    /// Adds a sequence at the end of the queue.
    ///
    /// - Parameter chunk: the most tokens of its prompt in one step; `nil` is as many as a step carries.
    /// - Returns: the sequence's number, new in this scheduler's life.
    /// - Precondition: at least one token, and no more than the context.
    package mutating func add(tokens: [TokenID], results: Results, chunk: Int? = nil) -> UInt32 {
        precondition(!tokens.isEmpty && tokens.count <= limits.context, "\(tokens.count) tokens")
        let id = nextSequenceID
        nextSequenceID += 1
        sequences[id] = Sequence(
            results: results, chunk: min(chunk ?? limits.rowsPerStep, limits.rowsPerStep), pending: tokens[...],
            position: 0)
        waitingOrder.append(id)
        return id
    }

    /// Goes on with a sequence: `token` is what was chosen for its last result.
    package mutating func extend(_ sequence: UInt32, with token: TokenID) {
        sequences[sequence]?.pending.append(token)
    }

    /// Ends a sequence, whether it waits, runs or has rows in flight; its KV cache is freed with the next step.
    package mutating func remove(_ sequence: UInt32) {
        guard sequences.removeValue(forKey: sequence) != nil else { return }
        waitingOrder.removeAll { $0 == sequence }
        if let index = runningOrder.firstIndex(of: sequence) {
            runningOrder.remove(at: index)
            commands.append(.close(sequence: sequence))
        }
    }

    /// Takes a step's results as arrived.
    ///
    /// - Returns: what the step was, or `nil` if no such step is in flight.
    package mutating func complete(step: UInt64) -> PlannedStep? { inFlight.removeValue(forKey: step) }

    /// Takes a step as failed on its way: the stages behind the fault have not heard of it, so its closes are sent again.
    ///
    /// - Returns: the sequences that cannot go on, in order: those with rows in it, and those that it was to open.
    package mutating func fail(step: UInt64) -> [UInt32] {
        guard let step = inFlight.removeValue(forKey: step) else { return [] }
        var lost: [UInt32] = []
        for entry in step.entries {
            if case .close = entry {
                commands.append(entry)
            } else if !lost.contains(entry.sequence) {
                lost.append(entry.sequence)
            }
        }
        return lost
    }

    /// The next step to send, or `nil` if the pipe is full or nobody is ready.
    package mutating func next() -> PlannedStep? {
        guard inFlight.count < limits.stepsInFlight else { return nil }
        admit()
        var step = PlannedStep(id: nextStepID, entries: commands, tokens: [], results: [])
        addGenerating(to: &step)
        addPrompts(to: &step)
        guard !step.entries.isEmpty else { return nil }
        commands = []
        nextStepID += 1
        inFlight[step.id] = step
        return step
    }

    private mutating func admit() {
        while runningOrder.count < limits.slots, !waitingOrder.isEmpty {
            let id = waitingOrder.removeFirst()
            runningOrder.append(id)
            commands.append(.open(sequence: id))
        }
    }

    /// One row for each generating sequence that is ready, an equal share of them per step in flight, so that no stage idles.
    private mutating func addGenerating(to step: inout PlannedStep) {
        let generating = runningOrder.filter { isGenerating($0) }
        let share = (runningOrder.count + limits.stepsInFlight - 1) / limits.stepsInFlight
        let ready = generating.filter { !sequences[$0]!.pending.isEmpty }
        for id in ready.prefix(max(1, share)) where step.tokens.count < limits.rowsPerStep {
            addRows(of: id, to: &step)
        }
    }

    /// Chunks of prompts, in order of arrival, into the room that is left.
    private mutating func addPrompts(to step: inout PlannedStep) {
        for id in runningOrder where !isGenerating(id) && !sequences[id]!.pending.isEmpty {
            guard step.tokens.count < limits.rowsPerStep else { return }
            addRows(of: id, to: &step)
        }
    }

    private func isGenerating(_ id: UInt32) -> Bool {
        let sequence = sequences[id]!
        return sequence.position > 0 && sequence.pending.count <= 1 && sequence.results == .last
    }

    private mutating func addRows(of id: UInt32, to step: inout PlannedStep) {
        var sequence = sequences[id]!
        let count = min(sequence.pending.count, sequence.chunk, limits.rowsPerStep - step.tokens.count)
        step.tokens += sequence.pending.prefix(count)
        let position = sequence.position
        sequence.pending = sequence.pending.dropFirst(count)
        sequence.position += count
        let output: OutputRows =
            switch sequence.results {
            case .all: .all
            case .last: sequence.pending.isEmpty ? .last : .none
            }
        step.entries.append(
            .rows(sequence: id, position: UInt32(position), count: UInt32(count), output: output))
        if output != .none { step.results.append(.init(sequence: id, rows: output == .all ? count : 1)) }
        sequences[id] = sequence
        // A sequence that was served goes behind the others, so that shares of a group rotate.
        runningOrder.removeAll { $0 == id }
        runningOrder.append(id)
    }
}
