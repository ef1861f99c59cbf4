import Tokenizer
import Wire

/// Who gets a slot and pages, and which cached beginning it shares.
extension Scheduler {
    /// A beginning that a new sequence has in common with one whose cache is there, or soon will be.
    private struct SharedPrefix {
        var source: UInt32
        var positions: Int
        /// Whether the source has all of it already.
        var isThere: Bool
    }

    /// Gives slots to those who wait, in order, as long as there are slots, and pages for the next one.
    mutating func admit() {
        while live.count < limits.slots, let id = queue.first {
            let sequence = sequences[id]!
            // One that lost its slot comes back when the rows it had in flight are known.
            guard sequence.rowsInFlight == 0 else { return }
            let (prefix, branch) = sharedPrefix(for: sequence)
            let whole = (prefix?.positions ?? 0) / limits.positionsPerPage
            guard reserve(limits.pages(for: sequence.tokens.count) - whole, beside: prefix) else { return }
            queue.remove(id, of: sequence.client)
            begin(id, with: prefix, whole: whole)
            sequences[id]!.branch = branch
        }
    }

    /// Forks those whose source has come far enough.
    mutating func forkJoining() {
        for id in live {
            guard case .joining(let source, let positions) = sequences[id]!.phase,
                sequences[source]!.position >= positions
            else { continue }
            if canGoOn(sequences[source]!, at: positions) {
                fork(id, from: source, positions: positions)
            } else {
                preempt(id)
            }
        }
    }

    /// Pages for the tokens that it has; then its cache begins at the stages, or will when its source is ready.
    private mutating func begin(_ id: UInt32, with prefix: SharedPrefix?, whole: Int) {
        let sequence = sequences[id]!
        let own = limits.pages(for: sequence.tokens.count) - whole
        if let prefix { touch(prefix.source) }
        // The stages close before they open; what is to be forked was used last.
        while live.count + dormant.count >= limits.openSequences, !dormant.isEmpty { evictOldest() }
        live.append(id)
        if sequence.cachedTokens == nil {
            queue.serve(sequence.tokens.count - (prefix?.positions ?? 0), to: sequence.client)
        }
        guard let prefix else {
            sequences[id]!.pages = pool.take(own)
            sequences[id]!.phase = .open
            commands.append(.open(sequence: id))
            repeatTrims(of: id)
            noteBeginning(of: id, cached: 0)
            return
        }
        if prefix.isThere {
            // The fork keeps the pages that it shares; so its source may be evicted for the others.
            fork(id, from: prefix.source, positions: prefix.positions)
            evict(until: own)
            sequences[id]!.pages += pool.take(own)
        } else {
            sequences[id]!.pages = pool.take(own)
            sequences[id]!.phase = .joining(source: prefix.source, positions: prefix.positions)
        }
    }

    private mutating func fork(_ id: UInt32, from source: UInt32, positions: Int) {
        let shared = sequences[source]!.pages.prefix(positions / limits.positionsPerPage)
        pool.share(shared)
        sequences[id]!.pages.insert(contentsOf: shared, at: 0)
        sequences[id]!.position = positions
        sequences[id]!.reach = sequences[source]!.reach
        sequences[id]!.phase = .open
        commands.append(.fork(sequence: id, from: source, positions: UInt32(positions)))
        repeatTrims(of: id)
        noteBeginning(of: id, cached: positions)
    }

    /// The stages count trims too: a cache that begins with tokens that were shifted is told from one of the tokens before.
    private mutating func repeatTrims(of id: UInt32) {
        let sequence = sequences[id]!
        for _ in 0..<sequence.trims { commands.append(.trim(sequence: id, to: UInt32(sequence.position))) }
    }

    private mutating func noteBeginning(of id: UInt32, cached: Int) {
        guard sequences[id]!.cachedTokens == nil else { return }
        sequences[id]!.cachedTokens = cached
        totals.promptTokens += sequences[id]!.tokens.count
        totals.cachedTokens += cached
    }

    /// Whether so many pages can be had, and evicts until they are free if no fork must come before.
    private mutating func reserve(_ own: Int, beside prefix: SharedPrefix?) -> Bool {
        let shared = prefix.map { sequences[$0.source]!.pages.prefix($0.positions / limits.positionsPerPage) } ?? []
        let available = pool.freeCount + pool.dormantCount - pool.dormant(among: shared)
        // Each of those at work may soon want a page more; without one for each, somebody would lose its slot at once.
        let growing = live.count { sequences[$0]!.pages.count < limits.pages(for: limits.context) }
        guard own + growing <= available else { return false }
        if prefix?.isThere != true { evict(until: own) }
        return true
    }

    /// The longest beginning in common with a cache, of a page at least; the last token is always computed, for its logits. And where one
    /// in common ends that is longer, but can be taken from nobody any more.
    private func sharedPrefix(for sequence: ScheduledSequence) -> (prefix: SharedPrefix?, branch: Int?) {
        guard sequence.results == .last, sequence.sharesBeginning else { return (nil, nil) }
        var best: SharedPrefix?
        var missed = 0
        for id in live + dormant {
            let other = sequences[id]!
            guard other.phase == .open || other.phase == .dormant else { continue }
            let common = commonPrefix(sequence.tokens, other.tokens, limit: sequence.tokens.count - 1)
            // What a prompt in the making will have is worth waiting for; a page less is not.
            let isThere = common < other.position + limits.positionsPerPage
            let positions = isThere ? min(common, other.position) : common
            guard positions >= limits.positionsPerPage, positions > best?.positions ?? 0 else { continue }
            if canGoOn(other, at: positions) {
                best = SharedPrefix(source: id, positions: positions, isThere: isThere)
            } else {
                missed = max(missed, positions)
            }
        }
        return (best, missed >= (best?.positions ?? 0) + limits.positionsPerPage ? missed : nil)
    }
}

/// How many first tokens are equal, `limit` at most.
func commonPrefix(_ first: [TokenID], _ second: [TokenID], limit: Int) -> Int {
    let most = min(first.count, second.count, limit)
    return first.withUnsafeBufferPointer { first in
        second.withUnsafeBufferPointer { second in
            var index = 0
            while index < most, first[index] == second[index] { index += 1 }
            return index
        }
    }
}
