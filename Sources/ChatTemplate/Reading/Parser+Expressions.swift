extension Parser {
    /// Makes a node, and refuses trees so deep that their evaluation could exhaust the stack.
    func make(_ kind: Expression.Kind, _ line: Int, below: Expression?...) throws(TemplateError) -> Expression {
        try make(kind, line, below: below)
    }

    private func make(_ kind: Expression.Kind, _ line: Int, below: [Expression?]) throws(TemplateError) -> Expression {
        let depth = 1 + below.reduce(0) { max($0, $1?.depth ?? 0) }
        if depth > NestingLimit.expression { throw tooDeep }
        return Expression(kind: kind, line: line, depth: depth)
    }

    private var tooDeep: TemplateError {
        TemplateError(code: .limit, line: line, message: "an expression nests deeper than \(NestingLimit.expression)")
    }

    /// An expression, or several with commas between them, which are a tuple.
    mutating func tuple(conditional: Bool = true) throws(TemplateError) -> Expression {
        let line = line
        let first = conditional ? try expression() : try disjunction()
        guard kind == .symbol(",") else { return first }
        var elements = [first]
        while takeSymbol(",") {
            switch kind {
            case .outputEnd, .blockEnd, .symbol(")"): break
            default: elements.append(conditional ? try expression() : try disjunction())
            }
        }
        return try make(.tuple(elements), line, below: elements)
    }

    /// `a if b else c`, and all below.
    mutating func expression() throws(TemplateError) -> Expression {
        expressionDepth += 1
        defer { expressionDepth -= 1 }
        // Each level is a dozen calls here, where a node of the tree is two later.
        if expressionDepth > NestingLimit.expression / 2 { throw tooDeep }
        var result = try disjunction()
        while kind == .name("if") {
            let line = line
            advance()
            let test = try disjunction()
            let otherwise = takeName("else") ? try expression() : nil
            result = try make(
                .conditional(then: result, test: test, otherwise: otherwise), line, below: result, test, otherwise)
        }
        return result
    }

    mutating func disjunction() throws(TemplateError) -> Expression {
        var left = try conjunction()
        while kind == .name("or") {
            let line = line
            advance()
            let right = try conjunction()
            left = try make(.or(left, right), line, below: left, right)
        }
        return left
    }

    private mutating func conjunction() throws(TemplateError) -> Expression {
        var left = try negation()
        while kind == .name("and") {
            let line = line
            advance()
            let right = try negation()
            left = try make(.and(left, right), line, below: left, right)
        }
        return left
    }

    private mutating func negation() throws(TemplateError) -> Expression {
        var lines: [Int] = []
        while kind == .name("not") {
            lines.append(line)
            advance()
        }
        var operand = try comparison()
        for line in lines.reversed() { operand = try make(.not(operand), line, below: operand) }
        return operand
    }

    private mutating func comparison() throws(TemplateError) -> Expression {
        let line = line
        let first = try binary(Self.levels[...])
        var rest: [(operation: String, operand: Expression)] = []
        while true {
            if case .symbol(let symbol) = kind, ["==", "!=", "<", "<=", ">", ">="].contains(symbol) {
                advance()
                rest.append((symbol, try binary(Self.levels[...])))
            } else if takeName("in") {
                rest.append(("in", try binary(Self.levels[...])))
            } else if kind == .name("not"), followingName == "in" {
                advance()
                advance()
                rest.append(("not in", try binary(Self.levels[...])))
            } else {
                break
            }
        }
        if rest.isEmpty { return first }
        return try make(.comparison(first, rest), line, below: [first] + rest.map(\.operand))
    }

    /// Binary operators from the loosest to the tightest, all of them from left to right.
    private static let levels: [[String]] = [["+", "-"], ["~"], ["*", "/", "//", "%"], ["**"]]

    private mutating func binary(_ levels: ArraySlice<[String]>) throws(TemplateError) -> Expression {
        guard let operators = levels.first else { return try unary() }
        var left = try binary(levels.dropFirst())
        while case .symbol(let symbol) = kind, operators.contains(symbol) {
            let line = line
            advance()
            let right = try binary(levels.dropFirst())
            left = try make(.arithmetic(symbol, left, right), line, below: left, right)
        }
        return left
    }

    /// A signed operand with its filters and tests, which bind tighter than any operator but the sign.
    private mutating func unary() throws(TemplateError) -> Expression {
        var signs: [(negative: Bool, line: Int)] = []
        while kind == .symbol("-") || kind == .symbol("+") {
            signs.append((kind == .symbol("-"), line))
            advance()
        }
        var operand = try postfix(try primary())
        for (negative, line) in signs.reversed() {
            operand = try make(negative ? .negative(operand) : .positive(operand), line, below: operand)
        }
        return try filtersAndTests(operand)
    }

    private mutating func filtersAndTests(_ operand: Expression) throws(TemplateError) -> Expression {
        var operand = operand
        while true {
            let line = line
            if takeSymbol("|") {
                let name = try expectName()
                let arguments = takeSymbol("(") ? try arguments() : .init()
                operand = try make(.filter(operand, name, arguments), line, below: [operand] + arguments.all)
            } else if takeName("is") {
                let negated = takeName("not")
                let name = try expectName()
                let arguments = try testArguments()
                operand = try make(.test(operand, name, arguments), line, below: [operand] + arguments.all)
                if negated { operand = try make(.not(operand), line, below: operand) }
            } else if kind == .symbol("("), case .filter = operand.kind {
                throw error("the result of a filter cannot be called")
            } else {
                return operand
            }
        }
    }

    /// A test's arguments, which may be one value without parentheses, as in `is divisibleby 3`.
    private mutating func testArguments() throws(TemplateError) -> Expression.Arguments {
        switch kind {
        case .symbol("("):
            advance()
            return try arguments()
        case .name(let name) where ["else", "or", "and", "if", "is", "in", "not"].contains(name): return .init()
        case .name, .string, .integer, .float, .symbol("["), .symbol("{"):
            return .init(positional: [try postfix(try primary())])
        default: return .init()
        }
    }

    private mutating func primary() throws(TemplateError) -> Expression {
        let line = line
        switch kind {
        case .name(let name):
            advance()
            if let special = Statement.SpecialName(rawValue: name) { specialNames.insert(special) }
            switch name {
            case "true", "True": return try make(.literal(.boolean(true)), line)
            case "false", "False": return try make(.literal(.boolean(false)), line)
            case "none", "None": return try make(.literal(.null), line)
            default: return try make(.name(name), line)
            }
        case .integer(let value):
            advance()
            return try make(.literal(.integer(value)), line)
        case .float(let value):
            advance()
            return try make(.literal(.float(value)), line)
        case .string(var text):
            advance()
            while case .string(let more) = kind {
                text += more
                advance()
            }
            return try make(.literal(.string(text)), line)
        case .symbol("("):
            advance()
            if takeSymbol(")") { return try make(.tuple([]), line) }
            let inner = try tuple()
            try expectSymbol(")")
            return inner
        case .symbol("["):
            advance()
            var elements: [Expression] = []
            while !takeSymbol("]") {
                if !elements.isEmpty { try expectSymbol(",") }
                if takeSymbol("]") { break }
                elements.append(try expression())
            }
            return try make(.list(elements), line, below: elements)
        case .symbol("{"): return try dictionary()
        default: throw error("an expression is expected")
        }
    }

    private mutating func dictionary() throws(TemplateError) -> Expression {
        let line = line
        advance()
        var entries: [(key: Expression, value: Expression)] = []
        while !takeSymbol("}") {
            if !entries.isEmpty { try expectSymbol(",") }
            if takeSymbol("}") { break }
            let key = try expression()
            try expectSymbol(":")
            entries.append((key, try expression()))
        }
        return try make(.mapping(entries), line, below: entries.flatMap { [$0.key, $0.value] })
    }

    private mutating func postfix(_ operand: Expression) throws(TemplateError) -> Expression {
        var operand = operand
        while true {
            let line = line
            if takeSymbol(".") {
                if case .integer(let index) = kind {
                    advance()
                    operand = try make(.item(operand, try make(.literal(.integer(index)), line)), line, below: operand)
                } else {
                    operand = try make(.attribute(operand, try expectName()), line, below: operand)
                }
            } else if takeSymbol("[") {
                operand = try item(of: operand, line)
            } else if takeSymbol("(") {
                let arguments = try arguments()
                operand = try make(.call(operand, arguments), line, below: [operand] + arguments.all)
            } else {
                return operand
            }
        }
    }

    /// What follows `[`: an index, a key, or `start:stop:step`.
    private mutating func item(of operand: Expression, _ line: Int) throws(TemplateError) -> Expression {
        var parts: [Expression?] = []
        var isSlice = false
        while true {
            let isEmpty = kind == .symbol(":") || kind == .symbol("]")
            parts.append(isEmpty ? nil : try expression())
            guard parts.count < 3, takeSymbol(":") else { break }
            isSlice = true
        }
        try expectSymbol("]")
        if isSlice {
            parts.append(contentsOf: [nil, nil])
            return try make(
                .slice(operand, start: parts[0], stop: parts[1], step: parts[2]), line,
                below: [operand] + parts.prefix(3))
        }
        guard let index = parts[0] else { throw error("an index is expected") }
        return try make(.item(operand, index), line, below: operand, index)
    }
}
