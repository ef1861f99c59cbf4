extension Automaton {
    /// Compiles a grammar. Time and memory are in proportion to its states.
    /// - Throws: `GrammarError` for left recursion, too many states, or where no text is possible.
    init(_ grammar: Grammar, limits: GrammarLimits) throws(GrammarError) {
        let builder = try AutomatonBuilder(grammar, limits: limits)
        let draft = AutomatonDraft(builder, root: grammar.root)
        let isProductive = draft.fixpoint {
            draft.states[$0].isFinal
        } throughEdges: {
            true
        }
        guard isProductive[0] else {
            throw GrammarError(
                .contradiction, "no text is possible: rules never come to an end, or contradict each other")
        }
        try draft.refuseLeftRecursion(of: grammar)
        self.init(draft, isProductive, threadLimit: limits.stacks)
    }

    /// Leaves out what does not reach its rule's end.
    private init(_ draft: AutomatonDraft, _ isProductive: [Bool], threadLimit: Int) {
        var numbers = [UInt32](repeating: Self.none, count: draft.states.count)
        var count: UInt32 = 0
        for index in draft.states.indices where isProductive[index] {
            numbers[index] = count
            count += 1
        }
        var states: [State] = []
        var edges: [Edge] = []
        var calls: [Call] = []
        states.reserveCapacity(Int(count))
        var begins = [Bool](repeating: false, count: 257)
        begins[0] = true
        for (index, state) in draft.states.enumerated() where isProductive[index] {
            let (firstEdge, firstCall) = (Int32(edges.count), Int32(calls.count))
            for edge in state.edges where isProductive[Int(edge.target)] {
                edges.append(Edge(low: edge.low, high: edge.high, target: numbers[Int(edge.target)]))
                begins[Int(edge.low)] = true
                begins[Int(edge.high) + 1] = true
            }
            for call in state.calls where isProductive[Int(call.start)] {
                if call.back == Self.none {
                    calls.append(Call(start: numbers[Int(call.start)], back: Self.none))
                } else if isProductive[Int(call.back)] {
                    calls.append(Call(start: numbers[Int(call.start)], back: numbers[Int(call.back)]))
                }
            }
            states.append(
                State(
                    edges: firstEdge..<Int32(edges.count), calls: firstCall..<Int32(calls.count),
                    isFinal: state.isFinal, plain: state.plain))
        }
        var classes: [UInt8] = []
        var representatives: [UInt8] = []
        for byte in 0..<256 {
            if begins[byte] { representatives.append(UInt8(byte)) }
            classes.append(UInt8(representatives.count - 1))
        }
        self.init(
            states: states, edges: edges, calls: calls, start: numbers[0], classes: classes,
            representatives: representatives, threadLimit: threadLimit)
    }
}

/// States without empty steps, not yet looked through. The root's start is number 0.
struct AutomatonDraft {
    struct State {
        var edges: [Automaton.Edge] = []
        var calls: [Automaton.Call] = []
        var isFinal = false
        var plain: Int32 = -1
        var rule: Int = 0
    }

    private(set) var states: [State] = []

    /// Keeps the states that something but an empty step leads to, each with what follows from it by empty steps.
    init(_ builder: AutomatonBuilder, root: Int) {
        var numbers = [UInt32](repeating: Automaton.none, count: builder.states.count)
        // What is still to be done: a state of the builder and its rule.
        var queue: [(state: UInt32, rule: Int)] = []
        func number(_ state: UInt32, _ rule: Int) -> UInt32 {
            if numbers[Int(state)] == Automaton.none {
                numbers[Int(state)] = UInt32(queue.count)
                queue.append((state, rule))
            }
            return numbers[Int(state)]
        }
        _ = number(builder.bounds[root].start, root)
        // States are looked at once for each that empty steps lead from.
        var seen = [UInt32](repeating: Automaton.none, count: builder.states.count)
        func reached(from first: UInt32, mark: UInt32) -> [UInt32] {
            var found = [first]
            seen[Int(first)] = mark
            var next = 0
            while next < found.count {
                for target in builder.states[Int(found[next])].empties where seen[Int(target)] != mark {
                    seen[Int(target)] = mark
                    found.append(target)
                }
                next += 1
            }
            return found
        }
        var mark: UInt32 = 0
        var next = 0
        while next < queue.count {
            let (origin, rule) = queue[next]
            let end = builder.bounds[rule].end
            var state = State(rule: rule)
            let closure = reached(from: origin, mark: mark)
            mark += 1
            state.plain = builder.states[Int(origin)].plain
            for part in closure {
                if part == end { state.isFinal = true }
                for edge in builder.states[Int(part)].edges {
                    state.edges.append(.init(low: edge.low, high: edge.high, target: number(edge.target, rule)))
                }
                for call in builder.states[Int(part)].calls {
                    let start = number(builder.bounds[call.rule].start, call.rule)
                    // Where nothing but the rule's end follows, there is nothing to come back to.
                    let rest = builder.states[Int(call.back)]
                    let isLast = call.back == end && rest.edges.isEmpty && rest.calls.isEmpty && rest.empties.isEmpty
                    state.calls.append(.init(start: start, back: isLast ? Automaton.none : number(call.back, rule)))
                }
            }
            states.append(state)
            next += 1
        }
    }

    /// The states from which one of a kind can be reached: over edges, if these count, and over calls whose rule and rest both have it.
    func fixpoint(_ isSeed: (Int) -> Bool, throughEdges: () -> Bool) -> [Bool] {
        let usesEdges = throughEdges()
        var result = [Bool](repeating: false, count: states.count)
        // For each state, those that depend on it.
        var dependents = [[UInt32]](repeating: [], count: states.count)
        for (index, state) in states.enumerated() {
            if usesEdges { for edge in state.edges { dependents[Int(edge.target)].append(UInt32(index)) } }
            for call in state.calls {
                dependents[Int(call.start)].append(UInt32(index))
                if call.back != Automaton.none { dependents[Int(call.back)].append(UInt32(index)) }
            }
        }
        var work: [UInt32] = []
        for index in states.indices where isSeed(index) {
            result[index] = true
            work.append(UInt32(index))
        }
        while let found = work.popLast() {
            for index in dependents[Int(found)] where !result[Int(index)] {
                let state = states[Int(index)]
                let holds =
                    usesEdges && state.edges.contains { result[Int($0.target)] }
                    || state.calls.contains {
                        result[Int($0.start)] && ($0.back == Automaton.none || result[Int($0.back)])
                    }
                guard holds else { continue }
                result[Int(index)] = true
                work.append(index)
            }
        }
        return result
    }

    /// - Throws: where a rule can begin with itself before any byte.
    func refuseLeftRecursion(of grammar: Grammar) throws(GrammarError) {
        let isNullable = fixpoint {
            states[$0].isFinal
        } throughEdges: {
            false
        }
        // Between starts of rules: which can be called before a byte. Depth first, without recursion.
        var colors = [UInt8](repeating: 0, count: states.count)
        for call in states.flatMap(\.calls) + [.init(start: 0, back: Automaton.none)] where colors[Int(call.start)] == 0
        {
            var path: [(start: UInt32, next: ArraySlice<UInt32>)] = []
            func enter(_ start: UInt32) {
                colors[Int(start)] = 1
                path.append((start, calledFirst(from: start, isNullable)[...]))
            }
            enter(call.start)
            while let top = path.indices.last {
                guard let next = path[top].next.popFirst() else {
                    colors[Int(path[top].start)] = 2
                    path.removeLast()
                    continue
                }
                if colors[Int(next)] == 1 {
                    let rule = states[Int(next)].rule
                    let name = rule < grammar.rules.count ? grammar.rules[rule].name : "a repeated group"
                    throw GrammarError(
                        .contradiction,
                        "\(name) can begin with itself (left recursion); write it as a repetition, or put what it calls last"
                    )
                }
                if colors[Int(next)] == 0 { enter(next) }
            }
        }
    }

    /// The starts of rules that can be called from a state before any byte.
    private func calledFirst(from start: UInt32, _ isNullable: [Bool]) -> [UInt32] {
        var starts: Set<UInt32> = []
        var seen: Set<UInt32> = [start]
        var work = [start]
        while let state = work.popLast() {
            for call in states[Int(state)].calls {
                starts.insert(call.start)
                guard isNullable[Int(call.start)], call.back != Automaton.none, seen.insert(call.back).inserted else {
                    continue
                }
                work.append(call.back)
            }
        }
        return starts.sorted()
    }
}
