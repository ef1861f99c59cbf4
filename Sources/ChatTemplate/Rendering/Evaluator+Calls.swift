extension Evaluator {
    mutating func call(
        _ callee: Expression, _ arguments: Expression.Arguments, caller: Value? = nil, _ line: Int
    ) throws(TemplateError) -> Value {
        if case .attribute(let base, let name) = callee.kind {
            let base = try evaluate(base)
            if case .undefined(let what) = base {
                throw TemplateError(code: .undefined, line: line, message: "\(what), so it has no '\(name)'")
            }
            if Self.hasMethod(name, base) {
                if caller != nil { throw noMacro(name, line) }
                return try callMethod(name, of: base, try values(of: arguments, caller), line)
            }
            return try call(try attribute(name, of: base, line), try values(of: arguments, caller), named: name, line)
        }
        let function = try evaluate(callee)
        return try call(function, try values(of: arguments, caller), named: "this", line)
    }

    /// What a call gives whose macro may call a block's body in turn.
    mutating func call(
        _ expression: Expression, caller: Statement.Macro, _ line: Int
    ) throws(TemplateError) -> Value {
        guard case .call(let callee, let arguments) = expression.kind else {
            throw TemplateError(code: .syntax, line: line, message: "a call of a macro is expected")
        }
        // It lives to the end of the rendering, its frames to the end of the block.
        try charge(64, line)
        let number = macros.count
        macros.append(MacroState(macro: caller, scope: .block(frames)))
        defer { macros[number].scope = .ended }
        return try call(callee, arguments, caller: .reference(.macro(number)), line)
    }

    private mutating func values(
        of arguments: Expression.Arguments, _ caller: Value?
    ) throws(TemplateError) -> CallArguments {
        var values = try values(of: arguments)
        values.caller = caller
        return values
    }

    private mutating func call(
        _ function: Value, _ arguments: CallArguments, named name: String, _ line: Int
    ) throws(TemplateError) -> Value {
        if arguments.caller != nil {
            guard case .reference(.macro) = function else { throw noMacro(name, line) }
        }
        switch function {
        case .reference(.function(let name)): return try callFunction(name, arguments, line)
        case .reference(.macro(let number)): return try callMacro(macros[number], arguments, line)
        case .reference(.loop(let number)): return try callLoop(number, arguments, line)
        case .undefined(let what):
            throw TemplateError(code: .undefined, line: line, message: "\(what), so it cannot be called")
        default:
            throw TemplateError(
                code: .type, line: line,
                message: "'\(name)' is a value of type \(function.typeName) and cannot be called")
        }
    }

    private func noMacro(_ name: String, _ line: Int) -> TemplateError {
        TemplateError(
            code: .type, line: line, message: "'\(name)' is no macro, so it cannot be called by a block")
    }

    private mutating func callFunction(
        _ name: String, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        switch name {
        case "raise_exception":
            let message = try printed(arguments.value(0, "message") ?? .string("no reason given"), line)
            // It goes to the client as it is, but for one that is beyond reading.
            throw TemplateError(
                code: .raised, line: line, message: String(Substring(message.unicodeScalars.prefix(2000))))
        case "strftime_now":
            guard case .string(let format) = arguments.value(0, "format") else {
                throw TemplateError(code: .type, line: line, message: "'strftime_now' needs a format")
            }
            guard let now else {
                throw TemplateError(
                    code: .unsupported, line: line, message: "'strftime_now' is used but no clock is given")
            }
            // A field takes up to 24 characters, and is put together of others.
            try charge(4 * format.utf8.count, line)
            return try text(now.formatted(format), line)
        case "range": return try range(arguments, line)
        case "namespace":
            // It lives to the end of the rendering.
            try charge(64, line)
            namespaces.append(try mapping(arguments, line))
            return .reference(.namespace(namespaces.count - 1))
        default: return try checked(.mapping(try mapping(arguments, line)), line)
        }
    }

    private mutating func range(_ arguments: CallArguments, _ line: Int) throws(TemplateError) -> Value {
        let numbers = arguments.positional.compactMap(\.asInteger)
        guard numbers.count == arguments.positional.count, (1...3).contains(numbers.count) else {
            throw TemplateError(code: .type, line: line, message: "'range' takes one to three whole numbers")
        }
        let start = numbers.count == 1 ? 0 : numbers[0]
        let stop = numbers.count == 1 ? numbers[0] : numbers[1]
        let step = numbers.count == 3 ? numbers[2] : 1
        if step == 0 { throw TemplateError(code: .type, line: line, message: "the step of 'range' is 0") }
        var elements: [Value] = []
        for number in stride(from: start, to: stop, by: step) {
            // As in Jinja's sandbox; also keeps the numbers from being made at all.
            if elements.count >= 100_000 {
                throw TemplateError(code: .limit, line: line, message: "'range' makes more than 100000 numbers")
            }
            elements.append(.integer(number))
        }
        return try list(elements, line)
    }

    private mutating func mapping(_ arguments: CallArguments, _ line: Int) throws(TemplateError) -> ValueMapping {
        var result = ValueMapping()
        if let first = arguments.positional.first {
            guard case .mapping(let mapping) = first else { throw wrongType("a dictionary's making", first, line) }
            // The first change, here or later in a namespace, copies it; and where it grows then, all keys are hashed anew.
            try chargeElements(4 * mapping.keys.count, line)
            for key in mapping.keys { try account.charge(bytes: 2 * key.utf8.count, .passed, line) }
            result = mapping
        }
        for (name, value) in arguments.named {
            try chargeEntry(name, line)
            result[name] = try checked(value, line)
        }
        return result
    }
}
