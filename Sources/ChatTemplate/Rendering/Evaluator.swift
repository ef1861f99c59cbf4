/// Runs one template once. Everything it makes dies with it; steps, sizes and depth are counted against the limits.
struct Evaluator {
    /// What a namespace, a loop or a macro is; values refer to them by number, so that values stay plain and hold no cycles.
    struct LoopState {
        var index = 0
        let elements: [Value]
        /// How often the loop has called itself.
        let depth: Int
        /// The loop, where its body may call it anew.
        let recursive: Statement.Loop?
        /// How many frames were open where it began.
        let frameCount: Int
        var changed: Value?
    }

    struct MacroState {
        /// The variables in sight.
        enum Scope {
            /// So many frames, which were open where it was defined.
            case outer(Int)
            /// The frames around a block that calls. They are shared and not copied, for nothing changes them until the block ends.
            case block([[String: Value]])
            /// The block that it was the body of is over.
            case ended
        }

        let macro: Statement.Macro
        var scope: Scope
    }

    let limits: TemplateLimits
    let now: CivilTime?
    var frames: [[String: Value]]
    var namespaces: [ValueMapping] = []
    var loops: [LoopState] = []
    var macros: [MacroState] = []
    var writer: ValueWriter
    let account: WorkAccount
    private var depth = 0

    /// How much of a value's text errors show.
    static func shown(_ text: String) -> String {
        text.utf8.count <= 100 ? text : String(Substring(text.unicodeScalars.prefix(100))) + "…"
    }

    static let functions: Set<String> = ["raise_exception", "strftime_now", "range", "namespace", "dict"]

    init(variables: [String: Value], limits: TemplateLimits, now: CivilTime?, goesOn: @escaping () -> Bool) {
        self.limits = limits
        self.now = now
        frames = [variables]
        account = WorkAccount(limit: limits.steps, goesOn: goesOn)
        writer = ValueWriter(account: account, limit: limits.outputBytes, line: 0)
    }

    mutating func run(_ statements: [Statement]) throws(TemplateError) -> String {
        _ = try execute(statements)
        return writer.output
    }

    // MARK: Limits

    /// Counts work: nodes, loop turns, elements that are looked at.
    func charge(_ count: Int, _ line: Int) throws(TemplateError) { try account.charge(count, line) }

    /// Counts the bytes of a text that an operation goes through.
    func charge(_ touch: WorkAccount.Touch, _ text: String, _ line: Int) throws(TemplateError) {
        try account.charge(bytes: text.utf8.count, touch, line)
    }

    mutating func enter(_ line: Int) throws(TemplateError) {
        depth += 1
        try charge(1, line)
        if depth > limits.depth {
            throw TemplateError(code: .limit, line: line, message: "the template nests deeper than \(limits.depth)")
        }
    }

    mutating func leave() { depth -= 1 }

    /// Counts the making of a text of so many bytes: before it, where that is known.
    func chargeText(_ count: Int, _ line: Int) throws(TemplateError) {
        if count > limits.outputBytes {
            throw TemplateError(code: .limit, line: line, message: "a text grows beyond \(limits.outputBytes) bytes")
        }
        try account.charge(bytes: count, .written, line)
    }

    /// A new text, its making counted.
    func text(_ text: String, _ line: Int) throws(TemplateError) -> Value {
        try chargeText(text.utf8.count, line)
        return .string(text)
    }

    /// A new list, its making counted.
    func list(
        _ elements: [Value], kind: ValueList.Kind = .list, _ line: Int
    ) throws(TemplateError) -> Value {
        try chargeElements(elements.count, line)
        return try checked(.list(ValueList(elements, kind: kind)), line)
    }

    /// Counts the making of so many values: before it, where they are known to be many.
    func chargeElements(_ count: Int, _ line: Int) throws(TemplateError) {
        if count > limits.listElements {
            throw TemplateError(
                code: .limit, line: line, message: "a list grows beyond \(limits.listElements) elements")
        }
        try charge(2 * count, line)
    }

    /// Counts a dictionary's getting an entry, its key hashed and compared.
    func chargeEntry(_ key: String, _ line: Int) throws(TemplateError) {
        try charge(8, line)
        try account.charge(bytes: 2 * key.utf8.count, .passed, line)
    }

    /// A value that nests no deeper than allowed.
    func checked(_ value: Value, _ line: Int) throws(TemplateError) -> Value {
        if value.depth > NestingLimit.value {
            throw TemplateError(code: .limit, line: line, message: "values nest deeper than \(NestingLimit.value)")
        }
        return value
    }

    /// The text that `{{ value }}` prints.
    func printed(_ value: Value, _ line: Int) throws(TemplateError) -> String {
        if case .string(let text) = value { return text }
        var writer = ValueWriter(account: account, limit: limits.outputBytes, line: line)
        try writer.writeText(value)
        return writer.output
    }

    // MARK: Variables

    func lookup(_ name: String, _ line: Int) throws(TemplateError) -> Value {
        for frame in frames.reversed() {
            try charge(.passed, name, line)
            if let value = frame[name] { return value }
        }
        if Self.functions.contains(name) { return .reference(.function(name)) }
        return .undefined("'\(name)' is undefined")
    }

    mutating func assign(_ name: String, _ value: Value) {
        frames[frames.count - 1][name] = value
    }
}

/// The values of a call's arguments.
struct CallArguments {
    var positional: [Value] = []
    var named: [(name: String, value: Value)] = []
    /// The macro that is the body of the block which calls.
    var caller: Value?

    /// An argument by its place or its name.
    func value(_ index: Int, _ name: String) -> Value? {
        index < positional.count ? positional[index] : named.first { $0.name == name }?.value
    }
}
