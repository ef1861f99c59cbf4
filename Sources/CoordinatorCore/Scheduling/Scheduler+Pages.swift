import Wire

/// Pages: who gives them up when they run short, and who is kept as long as they do not.
extension Scheduler {
    /// Keeps an ended sequence for others that begin alike.
    mutating func keep(_ id: UInt32) {
        var sequence = sequences[id]!
        let pages = limits.pages(for: sequence.position)
        pool.release(sequence.pages[pages...])
        sequence.pages.removeSubrange(pages...)
        sequence.tokens.removeSubrange(sequence.position...)
        pool.rest(sequence.pages)
        sequence.phase = .dormant
        sequences[id] = sequence
        live.removeAll { $0 == id }
        // The turns of a conversation each begin with the one before: the last one is enough.
        for other in dormant where !sequences[other]!.isBranch {
            let tokens = sequences[other]!.tokens
            guard commonPrefix(tokens, sequence.tokens, limit: tokens.count) == tokens.count else { continue }
            evict(other)
        }
        dormant.append(id)
    }

    /// A dormant sequence was of use.
    mutating func touch(_ id: UInt32) {
        guard let index = dormant.firstIndex(of: id) else { return }
        dormant.append(dormant.remove(at: index))
    }

    /// Closes dormant sequences until so many pages are free.
    ///
    /// - Returns: whether they are.
    @discardableResult
    mutating func evict(until count: Int) -> Bool {
        while pool.freeCount < count, !dormant.isEmpty { evictOldest() }
        return pool.freeCount >= count
    }

    mutating func evictOldest() {
        // One that somebody is about to fork goes last.
        let index = dormant.firstIndex { !isSource($0) } ?? dormant.startIndex
        evict(dormant[index])
    }

    /// Drops an ended sequence whose cache cannot be trusted, with the forks of it that were not sent yet.
    mutating func drop(_ id: UInt32) {
        dropForks(of: id)
        evict(id)
    }

    private mutating func evict(_ id: UInt32) {
        withdraw(id)
        sequences[id] = nil
    }

    private func isSource(_ id: UInt32) -> Bool {
        live.contains { if case .joining(id, _) = sequences[$0]!.phase { true } else { false } }
    }

    /// Makes sure that a sequence has pages for so many positions; takes them from dormant sequences, then from the youngest at work,
    /// which may be the sequence itself.
    ///
    /// - Parameter entries: the step in the making, whose sequences keep theirs.
    /// - Returns: whether it has them.
    mutating func ensurePages(of id: UInt32, positions: Int, in entries: [StepEntry] = []) -> Bool {
        let missing = limits.pages(for: positions) - sequences[id]!.pages.count
        guard missing > 0 else { return true }
        while !evict(until: missing) {
            // Where a younger one is in the step already, this one waits: in the next step it comes before that.
            guard let youngest = live.max(), !entries.contains(where: { $0.sequence == youngest }) else { return false }
            preempt(youngest)
            if youngest == id { return false }
        }
        sequences[id]!.pages += pool.take(missing)
        return true
    }

    /// Takes a sequence's slot and pages away; it waits, and later its tokens are computed again.
    mutating func preempt(_ id: UInt32) {
        if sequences[id]!.phase == .open { totals.preemptions += 1 }
        withdraw(id)
        queue.resume(id)
    }

    /// Takes a sequence's cache, pages and slot away.
    mutating func withdraw(_ id: UInt32) {
        guard let sequence = sequences[id], sequence.phase != .waiting else { return }
        if sequence.phase == .dormant {
            pool.releaseDormant(sequence.pages)
            dormant.removeAll { $0 == id }
        } else {
            pool.release(sequence.pages)
            live.removeAll { $0 == id }
        }
        if sequence.phase == .open || sequence.phase == .dormant { commands.append(.close(sequence: id)) }
        sequences[id]!.pages = []
        sequences[id]!.position = 0
        sequences[id]!.reach = 0
        sequences[id]!.branch = nil
        sequences[id]!.confirmed = 0
        sequences[id]!.beginning = nil
        sequences[id]!.isBegun = false
        sequences[id]!.trimsInFlight = 0
        sequences[id]!.phase = .waiting
        releaseJoining(source: id)
    }

    /// Drops the oldest half of a sequence that has filled its context. What stays in its place, in whole pages, keeps its cache; the
    /// rest is computed again at its new positions.
    mutating func shift(_ id: UInt32) {
        guard let contextShift = limits.contextShift else {
            preconditionFailure(
                "sequence \(id) has \(sequences[id]!.tokens.count) tokens, the context \(limits.context)")
        }
        let tokens = contextShift.shifted(sequences[id]!.tokens, context: limits.context)
        let same = commonPrefix(tokens, sequences[id]!.tokens, limit: tokens.count - 1)
        sequences[id]!.tokens = tokens
        sequences[id]!.trims += 1
        sequences[id]!.branch = nil
        guard sequences[id]!.phase == .open else { return }
        var pages = min(same, sequences[id]!.position) / limits.positionsPerPage
        if !canGoOn(sequences[id]!, at: pages * limits.positionsPerPage) { pages = 0 }
        if pages == 0 { sequences[id]!.reach = 0 }
        sequences[id]!.position = pages * limits.positionsPerPage
        sequences[id]!.confirmed = min(sequences[id]!.confirmed, sequences[id]!.position)
        sequences[id]!.trimsInFlight += 1
        commands.append(.trim(sequence: id, to: UInt32(sequences[id]!.position)))
        pool.release(sequences[id]!.pages[pages...])
        sequences[id]!.pages.removeSubrange(pages...)
        releaseJoining(source: id)
        _ = ensurePages(of: id, positions: tokens.count)
    }

    /// Those that were to begin with the cache of one that no longer has it have to look for another.
    private mutating func releaseJoining(source: UInt32) {
        for id in live {
            if case .joining(source, _) = sequences[id]?.phase { preempt(id) }
        }
    }
}
