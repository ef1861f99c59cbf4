import Synchronization

/// Finds the tokens that a text of one grammar may go on with, and remembers what it finds. Safe from any thread, one at a time.
package final class MaskTables: Sendable {
    /// What one state allows, whatever is on the stack.
    private struct StateMask {
        /// Plain tokens are allowed of up to so many characters; -1 where the others say which.
        var plain: Int
        /// Others, as a mask where they are many.
        var dense: TokenMask?
        var sparse: [UInt32]
        /// Nodes of the trie behind which the rule has ended: what is on the stack decides how it goes on.
        var exits: [Int32]

        var byteCount: Int { (dense?.words.count ?? 0) * 8 + sparse.count * 4 + exits.count * 4 + 100 }
    }

    private struct State {
        var table: ThreadTable
        var masks: [UInt32: StateMask] = [:]
        var byteCount = 0
        /// The numbers of threads at each depth of the node that is visited.
        var path: [Int32]
        var stepsLeft = 0
    }

    package let grammar: CompiledGrammar
    package let vocabulary: TokenVocabulary
    private let state: Mutex<State>

    package init(_ grammar: CompiledGrammar, _ vocabulary: TokenVocabulary) {
        self.grammar = grammar
        self.vocabulary = vocabulary
        state = Mutex(
            State(
                table: ThreadTable(grammar.automaton),
                path: [Int32](repeating: ThreadTable.dead, count: vocabulary.trie.depth + 1)))
    }

    /// The tokens that may come next; those that end an answer where the text may end.
    /// - Throws: `GrammarError` (tooLarge) where finding them takes more than it may.
    package func mask(for matcher: GrammarMatcher) throws(GrammarError) -> TokenMask {
        let result = state.withLock { state in
            Result { () throws(GrammarError) in try mask(for: matcher, &state) }
        }
        return try result.get()
    }

    /// Bytes that are remembered, for tests.
    package var byteCount: Int { state.withLock { $0.byteCount } }

    private func mask(for matcher: GrammarMatcher, _ state: inout State) throws(GrammarError) -> TokenMask {
        if state.table.count > 1 << 13 || state.byteCount > grammar.limits.cacheBytes {
            state.table = ThreadTable(grammar.automaton)
            state.masks = [:]
            state.byteCount = 0
        }
        state.stepsLeft = grammar.limits.maskSteps
        var result = TokenMask(count: vocabulary.count)
        for item in matcher.threads.items {
            let number = Threads.state(of: item)
            let mask: StateMask
            if let known = state.masks[number] {
                mask = known
            } else {
                mask = try stateMask(number, &state)
                state.masks[number] = mask
                state.byteCount += mask.byteCount
            }
            if mask.plain > 0, let plain = vocabulary.plainMask(mask.plain) { result.formUnion(plain) }
            if let dense = mask.dense { result.formUnion(dense) }
            for token in mask.sparse { result.insert(token) }
            try leave(mask.exits, Threads.stack(of: item), matcher.stacks, &state, &result)
        }
        if matcher.canEnd { for token in vocabulary.endTokens { result.insert(token) } }
        return result
    }

    /// Goes on behind exits, with the stack that is there.
    private func leave(
        _ exits: [Int32], _ stack: Int32, _ stacks: Stacks, _ state: inout State, _ result: inout TokenMask
    ) throws(GrammarError) {
        var work = exits.map { (node: $0, stack: stack) }
        let trie = vocabulary.trie
        while let (node, stack) = work.popLast() {
            state.stepsLeft -= 1
            insertTokens(of: node, &result)
            guard stack != Stacks.bottom, trie.nexts[Int(node)] > node + 1 else { continue }
            let (back, below) = stacks.top(of: stack)
            let begin = try state.table.settled(back)
            if state.table.reachesBottom(begin) { work.append((node, below)) }
            guard state.table.goesOn(begin) else { continue }
            try walk(
                node + 1..<trie.nexts[Int(node)], depth: Int(trie.depths[Int(node)]), begin, &state,
                allowed: { insertTokens(of: $0, &result) }, exit: { work.append(($0, below)) })
        }
    }

    private func insertTokens(of node: Int32, _ mask: inout TokenMask) {
        let trie = vocabulary.trie
        for place in trie.firstTokens[Int(node)]..<trie.firstTokens[Int(node) + 1] {
            mask.insert(trie.tokens[Int(place)])
        }
    }

    private func stateMask(_ number: UInt32, _ state: inout State) throws(GrammarError) -> StateMask {
        let plain = Int(grammar.automaton.states[Int(number)].plain)
        let trie = vocabulary.trie
        let ranges = plain < 0 ? [trie.plain, trie.other] : [trie.other]
        var tokens: [UInt32] = []
        var exits: [Int32] = []
        let begin = state.table.number(of: number)
        for range in ranges {
            try walk(
                range, depth: 0, begin, &state,
                allowed: { node in
                    for place in trie.firstTokens[Int(node)]..<trie.firstTokens[Int(node) + 1] {
                        tokens.append(trie.tokens[Int(place)])
                    }
                }, exit: { exits.append($0) })
        }
        guard tokens.count * 4 > vocabulary.count / 8 else {
            return StateMask(plain: plain, dense: nil, sparse: tokens, exits: exits)
        }
        var dense = TokenMask(count: vocabulary.count)
        for token in tokens { dense.insert(token) }
        return StateMask(plain: plain, dense: dense, sparse: [], exits: exits)
    }

    /// Visits the nodes that threads lead to: `allowed` are those where some go on, `exit` those where the rule may have ended.
    private func walk(
        _ range: Range<Int32>, depth: Int, _ begin: Int32, _ state: inout State, allowed: (Int32) -> Void,
        exit: (Int32) -> Void
    ) throws(GrammarError) {
        let trie = vocabulary.trie
        state.path[depth] = begin
        var node = range.lowerBound
        var steps = 0
        while node < range.upperBound {
            steps += 1
            let depth = Int(trie.depths[Int(node)])
            let next = try state.table.step(state.path[depth - 1], trie.bytes[Int(node)])
            if state.table.reachesBottom(next) { exit(node) }
            guard state.table.goesOn(next) else {
                node = trie.nexts[Int(node)]
                continue
            }
            allowed(node)
            state.path[depth] = next
            node += 1
        }
        state.stepsLeft -= steps
        guard state.stepsLeft >= 0 else {
            throw GrammarError(
                .tooLarge,
                "finding the tokens that the grammar allows takes more than \(grammar.limits.maskSteps) steps")
        }
    }
}
