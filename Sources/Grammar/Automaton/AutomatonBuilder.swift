/// Makes the states of rules, with empty steps (Thompson's construction).
struct AutomatonBuilder {
    struct State {
        var edges: [Automaton.Edge] = []
        /// Numbers of rules, and where to go on.
        var calls: [(rule: Int, back: UInt32)] = []
        var empties: [UInt32] = []
        var plain: Int32 = -1
    }

    private(set) var states: [State] = []
    /// Where each rule begins and ends. Rules are added for what is repeated.
    private(set) var bounds: [(start: UInt32, end: UInt32)] = []
    private var queue: [Expression]
    /// The rules that were added, by what they stand for.
    private var added: [Expression: Int] = [:]
    private var wideRule: Int?
    let limits: GrammarLimits

    init(_ grammar: Grammar, limits: GrammarLimits) throws(GrammarError) {
        self.limits = limits
        queue = grammar.rules.map(\.body)
        var next = 0
        while next < queue.count {
            let (start, end) = (try state(), try state())
            bounds.append((start, end))
            if next == wideRule { states[Int(start)].plain = 0 }
            try build(queue[next], from: start, to: end)
            next += 1
        }
    }

    private mutating func state() throws(GrammarError) -> UInt32 {
        guard states.count < limits.states else {
            throw GrammarError(
                .tooLarge,
                "it needs more than \(limits.states) states; make repetitions (maxLength, maxItems, {m,n}) or lists of values shorter"
            )
        }
        states.append(State())
        return UInt32(states.count - 1)
    }

    private mutating func edge(_ from: UInt32, _ bytes: ClosedRange<UInt8>, _ target: UInt32) {
        states[Int(from)].edges.append(.init(low: bytes.lowerBound, high: bytes.upperBound, target: target))
    }

    private mutating func empty(_ from: UInt32, _ target: UInt32) {
        if from != target { states[Int(from)].empties.append(target) }
    }

    /// Adds what leads from one state to another over an expression. Steps into `from` and out of `to` may be there already, but for those of
    /// loops, which have states of their own.
    private mutating func build(_ expression: Expression, from: UInt32, to: UInt32) throws(GrammarError) {
        switch expression {
        case .bytes(let bytes):
            guard !bytes.isEmpty else { return empty(from, to) }
            var here = from
            for (index, byte) in bytes.enumerated() {
                let target = index + 1 == bytes.count ? to : try state()
                edge(here, byte...byte, target)
                here = target
            }
        case .characters(let set): try build(set, from: from, to: to)
        case .sequence(let parts):
            var here = from
            for (index, part) in parts.enumerated() {
                let target = index + 1 == parts.count ? to : try state()
                try build(part, from: here, to: target)
                here = target
            }
            if parts.isEmpty { empty(from, to) }
        case .choice(let parts):
            var texts: [[UInt8]] = []
            for part in parts {
                if case .bytes(let bytes) = part { texts.append(bytes) } else { try build(part, from: from, to: to) }
            }
            texts.sort { $0.lexicographicallyPrecedes($1) }
            try build(texts[...], depth: 0, from: from, to: to)
        case .repetition(let part, let least, let most):
            try build(part, least: least, most: most, from: from, to: to)
        case .rule(let rule): states[Int(from)].calls.append((rule, to))
        case .string(let least, let most): try buildString(least: least, most: most, from: from, to: to)
        }
    }

    private mutating func build(_ set: ScalarSet, from: UInt32, to: UInt32) throws(GrammarError) {
        var sequences: [[ClosedRange<UInt8>]] = []
        for range in set.ranges { utf8Sequences(range) { sequences.append($0) } }
        // Sequences that end alike share the states of their ends.
        var tails: [[ClosedRange<UInt8>]: UInt32] = [[]: to]
        func tail(_ rest: [ClosedRange<UInt8>]) throws(GrammarError) -> UInt32 {
            if let known = tails[rest] { return known }
            let target = try tail(Array(rest.dropFirst()))
            let made = try state()
            edge(made, rest[0], target)
            tails[rest] = made
            return made
        }
        for sequence in sequences { edge(from, sequence[0], try tail(Array(sequence.dropFirst()))) }
    }

    /// Of sorted texts, those with the same beginnings share its states.
    private mutating func build(
        _ texts: ArraySlice<[UInt8]>, depth: Int, from: UInt32, to: UInt32
    ) throws(GrammarError) {
        var first = texts.startIndex
        while first < texts.endIndex {
            guard texts[first].count > depth else {
                empty(from, to)
                first += 1
                continue
            }
            let byte = texts[first][depth]
            let end = texts[first...].firstIndex { $0[depth] != byte } ?? texts.endIndex
            if end == first + 1 {
                try build(.bytes(Array(texts[first][depth...])), from: from, to: to)
            } else {
                // Together as long as they are the same.
                var here = try state()
                edge(from, byte...byte, here)
                var length = depth + 1
                while texts[first].count > length, texts[end - 1].count > length,
                    texts[first][length] == texts[end - 1][length]
                {
                    let target = try state()
                    edge(here, texts[first][length]...texts[first][length], target)
                    here = target
                    length += 1
                }
                try build(texts[first..<end], depth: length, from: here, to: to)
            }
            first = end
        }
    }

    private mutating func build(
        _ part: Expression, least: Int, most: Int?, from: UInt32, to: UInt32
    ) throws(GrammarError) {
        guard max(least, most ?? 0) <= limits.repetitions else {
            throw GrammarError(
                .tooLarge,
                "something is repeated \(max(least, most ?? 0)) times; at most \(limits.repetitions) are possible")
        }
        // What is repeated often is a rule of its own: then each time takes one state.
        var part = part
        if max(least, most ?? 0) > 2, !part.isSmall { part = .rule(rule(of: part)) }
        var here = from
        for _ in 0..<least {
            let target = try state()
            try build(part, from: here, to: target)
            here = target
        }
        guard let most else {
            let loop = try state()
            empty(here, loop)
            try build(part, from: loop, to: loop)
            return empty(loop, to)
        }
        for _ in least..<max(least, most) {
            empty(here, to)
            let target = try state()
            try build(part, from: here, to: target)
            here = target
        }
        empty(here, to)
    }

    private mutating func rule(of expression: Expression) -> Int {
        if let known = added[expression] { return known }
        queue.append(expression)
        added[expression] = queue.count - 1
        return queue.count - 1
    }

    /// A state for each character that must or may come, so that each has its edge over the closing quote or has not.
    private mutating func buildString(least: Int, most: Int?, from: UInt32, to: UInt32) throws(GrammarError) {
        guard max(least, most ?? 0) <= limits.repetitions else {
            throw GrammarError(
                .tooLarge,
                "a string has \(max(least, most ?? 0)) characters; at most \(limits.repetitions) are possible")
        }
        // Not by what it stands for: elsewhere the same would have to take plain tokens too.
        if wideRule == nil {
            queue.append(JSONText.wideCharacter)
            wideRule = queue.count - 1
        }
        let wide = wideRule!
        var here = try state()
        edge(from, JSONText.quote...JSONText.quote, here)
        let count = most ?? least
        for index in 0...count {
            states[Int(here)].plain = most.map { Int32($0 - index) } ?? .max
            if index >= least { edge(here, JSONText.quote...JSONText.quote, to) }
            guard index < count || most == nil else { break }
            let target = index < count ? try state() : here
            for bytes in JSONText.narrow { edge(here, bytes, target) }
            states[Int(here)].calls.append((wide, target))
            here = target
        }
    }
}

extension Expression {
    /// Whether it takes few states.
    fileprivate var isSmall: Bool {
        switch self {
        case .bytes(let bytes): bytes.count <= 2
        case .characters(let set): set.ranges.allSatisfy { $0.upperBound < 0x80 }
        case .rule: true
        default: false
        }
    }
}
