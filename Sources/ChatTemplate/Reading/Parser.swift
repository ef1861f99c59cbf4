/// Makes statements of tokens: the part of Jinja's grammar that chat templates use (Jinja documentation, "Template Designer").
struct Parser {
    private let tokens: [Token]
    private var position = 0
    /// Open blocks and brackets, so that no template exhausts the stack.
    private var blockDepth = 0
    var expressionDepth = 0
    private var loopDepth = 0
    /// The names in the macro that is being read which a call fills by itself.
    var specialNames: Set<Statement.SpecialName> = []

    init(_ tokens: [Token]) { self.tokens = tokens }

    static func statements(of source: String) throws(TemplateError) -> [Statement] {
        var parser = Parser(try Lexer.tokens(of: source))
        let body = try parser.statements(until: [])
        guard parser.kind == .end else { throw parser.error("a tag closes nothing") }
        return body
    }

    // MARK: Tokens

    var kind: Token.Kind { tokens[position].kind }
    var line: Int { tokens[position].line }

    /// The name after the current token, if it is one.
    var followingName: String? {
        guard position + 1 < tokens.count, case .name(let name) = tokens[position + 1].kind else { return nil }
        return name
    }

    mutating func advance() { if position + 1 < tokens.count { position += 1 } }

    func error(_ message: String) -> TemplateError { TemplateError(code: .syntax, line: line, message: message) }

    mutating func takeSymbol(_ symbol: String) -> Bool {
        guard kind == .symbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func takeName(_ name: String) -> Bool {
        guard kind == .name(name) else { return false }
        advance()
        return true
    }

    mutating func expectSymbol(_ symbol: String) throws(TemplateError) {
        guard takeSymbol(symbol) else { throw error("'\(symbol)' is expected") }
    }

    mutating func expectName() throws(TemplateError) -> String {
        guard case .name(let name) = kind else { throw error("a name is expected") }
        advance()
        return name
    }

    private mutating func expect(_ wanted: Token.Kind, _ text: String) throws(TemplateError) {
        guard kind == wanted else { throw error("\(text) is expected") }
        advance()
    }

    // MARK: Statements

    /// Statements up to a block tag with one of the names; stands then on the name.
    private mutating func statements(until ends: [String]) throws(TemplateError) -> [Statement] {
        blockDepth += 1
        defer { blockDepth -= 1 }
        if blockDepth > NestingLimit.block {
            throw TemplateError(code: .limit, line: line, message: "blocks nest deeper than \(NestingLimit.block)")
        }
        var body: [Statement] = []
        while true {
            let line = line
            switch kind {
            case .text(let text):
                advance()
                body.append(Statement(kind: .text(text), line: line))
            case .outputBegin:
                advance()
                let value = try tuple()
                try expect(.outputEnd, "'}}'")
                body.append(Statement(kind: .output(value), line: line))
            case .blockBegin:
                if let name = followingName, ends.contains(name) {
                    advance()
                    return body
                }
                advance()
                body.append(try statement())
            default:
                if ends.isEmpty { return body }
                throw error("the template ends where '\(ends[ends.count - 1])' is expected")
            }
        }
    }

    /// A body up to its end tag, with the tag's own end.
    private mutating func body(until end: String) throws(TemplateError) -> [Statement] {
        try expect(.blockEnd, "'%}'")
        let body = try statements(until: [end])
        advance()
        // An end tag may repeat a name, as 'endmacro call'.
        if case .name = kind { advance() }
        try expect(.blockEnd, "'%}'")
        return body
    }

    private mutating func statement() throws(TemplateError) -> Statement {
        let line = line
        let keyword = try expectName()
        let kind: Statement.Kind
        switch keyword {
        case "if": kind = try condition()
        case "for": kind = try loop()
        case "set": kind = try set()
        case "macro": kind = try macro()
        case "call": kind = try call()
        case "with": kind = try with()
        case "generation": kind = .group(try body(until: "endgeneration"))
        case "filter":
            let filters = try filterCalls(first: true)
            kind = .filtered(filters, try body(until: "endfilter"))
        case "break", "continue":
            guard loopDepth > 0 else { throw error("'\(keyword)' stands outside of a loop") }
            try expect(.blockEnd, "'%}'")
            kind = keyword == "break" ? .breakLoop : .continueLoop
        default:
            throw TemplateError(
                code: .syntax, line: line, message: "the tag '\(keyword)' is unknown, or closes nothing")
        }
        return Statement(kind: kind, line: line)
    }

    private mutating func condition() throws(TemplateError) -> Statement.Kind {
        var branches: [(test: Expression, body: [Statement])] = []
        var otherwise: [Statement] = []
        while true {
            let test = try tuple()
            try expect(.blockEnd, "'%}'")
            branches.append((test, try statements(until: ["elif", "else", "endif"])))
            if takeName("elif") { continue }
            if takeName("else") {
                try expect(.blockEnd, "'%}'")
                otherwise = try statements(until: ["endif"])
            }
            advance()
            try expect(.blockEnd, "'%}'")
            return .condition(branches, otherwise: otherwise)
        }
    }

    private mutating func loop() throws(TemplateError) -> Statement.Kind {
        var targets: [String] = []
        let bracketed = takeSymbol("(")
        repeat { targets.append(try expectName()) } while takeSymbol(",")
        if bracketed { try expectSymbol(")") }
        guard takeName("in") else { throw error("'in' is expected") }
        let sequence = try tuple(conditional: false)
        let condition = takeName("if") ? try expression() : nil
        let isRecursive = takeName("recursive")
        try expect(.blockEnd, "'%}'")
        loopDepth += 1
        let body = try statements(until: ["else", "endfor"])
        loopDepth -= 1
        var otherwise: [Statement] = []
        if takeName("else") {
            try expect(.blockEnd, "'%}'")
            otherwise = try statements(until: ["endfor"])
        }
        advance()
        try expect(.blockEnd, "'%}'")
        return .loop(
            .init(
                targets: targets, sequence: sequence, condition: condition, body: body, otherwise: otherwise,
                isRecursive: isRecursive))
    }

    private mutating func set() throws(TemplateError) -> Statement.Kind {
        var targets: [Statement.Target] = []
        repeat {
            let name = try expectName()
            targets.append(takeSymbol(".") ? .attribute(name, try expectName()) : .name(name))
        } while takeSymbol(",")
        if takeSymbol("=") {
            let value = try tuple()
            try expect(.blockEnd, "'%}'")
            return .set(targets, value)
        }
        guard targets.count == 1 else { throw error("'=' is expected") }
        let filters = try filterCalls(first: false)
        return .setBlock(targets[0], filters, try body(until: "endset"))
    }

    private mutating func macro() throws(TemplateError) -> Statement.Kind {
        let name = try expectName()
        try expectSymbol("(")
        return .macro(try macro(named: name, try parameters(), until: "endmacro"))
    }

    /// `call(parameters) macro(arguments)`: the body is a macro that the other calls as `caller(...)`.
    private mutating func call() throws(TemplateError) -> Statement.Kind {
        let parameters = takeSymbol("(") ? try parameters() : []
        let call = try expression()
        guard case .call = call.kind else { throw error("a call of a macro is expected") }
        return .call(try macro(named: "caller", parameters, until: "endcall"), call)
    }

    /// Parameters after `(`, with the closing one.
    private mutating func parameters() throws(TemplateError) -> [(name: String, value: Expression?)] {
        var parameters: [(name: String, value: Expression?)] = []
        while !takeSymbol(")") {
            if !parameters.isEmpty { try expectSymbol(",") }
            let parameter = try expectName()
            parameters.append((parameter, takeSymbol("=") ? try expression() : nil))
        }
        return parameters
    }

    private mutating func macro(
        named name: String, _ parameters: [(name: String, value: Expression?)], until end: String
    ) throws(TemplateError) -> Statement.Macro {
        // A loop around a macro is none of its own.
        let outer = (loopDepth, specialNames)
        (loopDepth, specialNames) = (0, [])
        let body = try body(until: end)
        let uses = specialNames
        (loopDepth, specialNames) = (outer.0, outer.1.union(uses))
        return .init(name: name, parameters: parameters, body: body, uses: uses)
    }

    private mutating func with() throws(TemplateError) -> Statement.Kind {
        var bindings: [(name: String, value: Expression)] = []
        while kind != .blockEnd {
            if !bindings.isEmpty { try expectSymbol(",") }
            let name = try expectName()
            try expectSymbol("=")
            bindings.append((name, try expression()))
        }
        return .with(bindings, try body(until: "endwith"))
    }

    /// `name(arguments)|…`, or `|name(arguments)…` when not the first.
    private mutating func filterCalls(first: Bool) throws(TemplateError) -> [Statement.FilterCall] {
        var calls: [Statement.FilterCall] = []
        while (first && calls.isEmpty) || takeSymbol("|") {
            let name = try expectName()
            calls.append(.init(name: name, arguments: takeSymbol("(") ? try arguments() : .init()))
        }
        return calls
    }
}
