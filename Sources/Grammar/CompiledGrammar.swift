/// A grammar's automaton over bytes. A value, made once for all texts of the grammar.
package struct CompiledGrammar: Sendable {
    let automaton: Automaton
    let limits: GrammarLimits

    /// How many states it has.
    package var stateCount: Int { automaton.states.count }

    /// Compiles a grammar.
    /// - Throws: `GrammarError` for left recursion, too many states, or where no text is possible.
    package init(_ grammar: Grammar, limits: GrammarLimits = GrammarLimits()) throws(GrammarError) {
        automaton = try Automaton(grammar, limits: limits)
        self.limits = limits
        var stacks = Stacks()
        try Self.check(automaton.settle([automaton.beginning], in: &stacks), stacks, limits)
    }

    /// - Throws: `GrammarError` (tooLarge) for more than a text may have.
    static func check(_ threads: Threads, _ stacks: Stacks, _ limits: GrammarLimits) throws(GrammarError) {
        guard !threads.isCut else {
            throw GrammarError(
                .tooLarge, "the grammar is too ambiguous: a text can be read in more than \(limits.stacks) ways")
        }
        guard threads.items.allSatisfy({ stacks.height(of: Threads.stack(of: $0)) <= limits.frames }) else {
            throw GrammarError(.tooLarge, "the text nests more than \(limits.frames) levels deep")
        }
    }
}

/// Reads a text that is to belong to a grammar, byte by byte. A value: a copy goes on by itself.
package struct GrammarMatcher: Sendable {
    let grammar: CompiledGrammar
    private(set) var stacks = Stacks()
    private(set) var threads: Threads
    private static let fewStacks = 1 << 12
    /// Stacks after which those are given up that nothing needs any more.
    private var roomForStacks = Self.fewStacks

    /// Begins a text.
    package init(_ grammar: CompiledGrammar) {
        self.grammar = grammar
        threads = grammar.automaton.settle([grammar.automaton.beginning], in: &stacks)
    }

    /// Whether the text may end here.
    package var canEnd: Bool { threads.reachesBottom }

    /// Whether nothing may follow.
    package var isOver: Bool { threads.items.isEmpty }

    /// Adds bytes to the text; it is unchanged when they are refused.
    ///
    /// - Returns: whether the grammar has a text that goes on like this.
    /// - Throws: `GrammarError` (tooLarge) where there are too many ways to read it, or it nests too deep.
    package mutating func accept(_ bytes: some Sequence<UInt8>) throws(GrammarError) -> Bool {
        var next = threads
        for byte in bytes {
            next = grammar.automaton.step(next, byte, in: &stacks)
            if next.items.isEmpty && !next.reachesBottom { return false }
            try CompiledGrammar.check(next, stacks, grammar.limits)
        }
        threads = next
        if stacks.count > roomForStacks {
            stacks.compact(for: &threads)
            roomForStacks = max(Self.fewStacks, 2 * stacks.count)
        }
        return true
    }
}
