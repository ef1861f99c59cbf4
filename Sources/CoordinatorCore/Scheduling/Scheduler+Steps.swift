import Wire

/// The rows of a step.
extension Scheduler {
    /// Fills a step: first rows of sequences that generate, a group of them, then chunks of prompts into the time that is left.
    mutating func addRows(to step: inout PlannedStep) {
        let generating = live.count { sequences[$0]!.generates }
        guard generating > 0 else {
            let pending = live.reduce(0) { $0 + (sequences[$1]!.hasPrompt ? sequences[$1]!.pending : 0) }
            return addPrompts(costs.chunkRows(pending: pending, most: limits.rowsPerStep), to: &step)
        }
        pace = costs.pace(generating: generating, reach: generatingReach, keeping: pace)
        guard inFlight.count < pace.stepsInFlight else { return }
        let groups = inFlight.values.count { $0.step.rows.generating > 0 }
        if groups < pace.groups { addGenerating(to: &step) }
        // Beside rows that are waited for, a step may take only so long.
        addPrompts(limits.rowsPerStep - step.rows.generating, within: pace.stepSeconds, to: &step)
    }

    /// The positions of the sequences that generate, summed.
    var generatingReach: Int { live.reduce(0) { $0 + (sequences[$1]!.generates ? sequences[$1]!.position : 0) } }

    /// One row for each sequence of a group: those that are ready, the longest waiting first.
    private mutating func addGenerating(to step: inout PlannedStep) {
        let ready = live.filter { sequences[$0]!.generates && sequences[$0]!.pending > 0 }
        for id in ready where step.rows.generating < min(pace.rows, limits.rowsPerStep) {
            let position = sequences[id]!.position
            guard addRows(of: id, most: 1, to: &step) > 0 else { continue }
            step.rows.generating += 1
            step.rows.generatingReach += position
        }
        rotate(step)
    }

    /// Chunks of prompts: clients take turns, and each client's go in order of arrival.
    ///
    /// - Parameter seconds: what the slowest stage may take for the step. Where that is too little for a row, it is saved for the next one.
    private mutating func addPrompts(_ most: Int, within seconds: Double = .infinity, to step: inout PlannedStep) {
        let prompts = live.filter { sequences[$0]!.hasPrompt }.sorted {
            (promptTurns[sequences[$0]!.client] ?? 0, $0) < (promptTurns[sequences[$1]!.client] ?? 0, $1)
        }
        for id in prompts where step.rows.prompt < most {
            let (client, position) = (sequences[id]!.client, sequences[id]!.position)
            let room = costs.promptRows(at: position, beside: step.rows, within: seconds + savedSeconds)
            guard room > 0 else {
                if step.rows.prompt == 0 { save(seconds - costs.stageSeconds(step.rows), of: seconds) }
                break
            }
            savedSeconds = 0
            let count = addRows(of: id, most: min(room, most - step.rows.prompt), to: &step)
            guard count > 0 else { continue }
            step.rows.prompt += count
            step.rows.promptReach += count * position + count * (count - 1) / 2
            promptTurns[client] = step.id
        }
        if promptTurns.count > 2 * limits.slots {
            let clients = Set(live.map { sequences[$0]!.client })
            promptTurns = promptTurns.filter { clients.contains($0.key) }
        }
    }

    /// Keeps what a step has left for prompts; at least a little, so that prompts go on in any case.
    private mutating func save(_ left: Double, of seconds: Double) {
        savedSeconds += costs.isKnown ? max(left, 0.1 * seconds) : 0
    }

    /// Adds rows of one sequence.
    ///
    /// - Returns: how many: none if there are no pages for them.
    private mutating func addRows(of id: UInt32, most: Int, to step: inout PlannedStep) -> Int {
        // Another one may have taken its pages since it was listed.
        guard let sequence = sequences[id], sequence.phase == .open else { return 0 }
        var count = min(sequence.pending, sequence.chunk, most, rowsToFork(of: id))
        // A replay asks for no result a second time.
        let isReplay = sequence.results == .all && sequence.position < sequence.resultsAsked
        if isReplay { count = min(count, sequence.resultsAsked - sequence.position) }
        let position = sequence.position
        count = min(count, rowsWithRoom(for: sequence, rows: count, isReplay: isReplay, in: step))
        guard count > 0 else { return 0 }
        guard ensurePages(of: id, positions: position + count, in: step.entries) else { return 0 }
        let output: OutputRows =
            switch sequence.results {
            case .all: isReplay ? .none : .all
            case .last: position + count == sequence.tokens.count ? .last : .none
            }
        if sequence.generates { queue.serve(count, to: sequence.client) }
        sequences[id]!.position += count
        sequences[id]!.reach = max(sequences[id]!.reach, position + count)
        sequences[id]!.rowsInFlight += count
        if output == .all { sequences[id]!.resultsAsked = position + count }
        step.tokens += sequence.tokens[position..<position + count]
        step.entries.append(
            .rows(sequence: id, position: UInt32(position), count: UInt32(count), output: output))
        if output != .none { step.results.append(.init(sequence: id, rows: output == .all ? count : 1)) }
        return count
    }

    /// How many of so many rows of a sequence may go, by the results that come back for them.
    private func rowsWithRoom(
        for sequence: ScheduledSequence, rows count: Int, isReplay: Bool, in step: PlannedStep
    ) -> Int {
        var room = limits.resultRows - step.results.reduce(0) { $0 + $1.rows }
        switch sequence.results {
        case .all where isReplay: return count
        case .all:
            room -= inFlight.values.reduce(0) { $0 + $1.step.results.reduce(0) { $0 + $1.rows } }
            // Two steps share it, so that one is computed while the other is on its way.
            return min(count, max(0, room), max(1, limits.resultRows / 2))
        case .last: return room > 0 || sequence.position + count < sequence.tokens.count ? count : count - 1
        }
    }

    /// Sequences that were served go behind the others.
    private mutating func rotate(_ step: PlannedStep) {
        let served = Set(step.entries.map(\.sequence))
        live = live.filter { !served.contains($0) } + live.filter { served.contains($0) }
    }
}
