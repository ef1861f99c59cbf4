extension Evaluator {
    mutating func call(
        _ callee: Expression, _ arguments: Expression.Arguments, _ line: Int
    ) throws(TemplateError) -> Value {
        if case .attribute(let base, let name) = callee.kind {
            let base = try evaluate(base)
            if case .undefined(let what) = base {
                throw TemplateError(code: .undefined, line: line, message: "\(what), so it has no '\(name)'")
            }
            if Self.hasMethod(name, base) { return try callMethod(name, of: base, try values(of: arguments), line) }
            return try call(try attribute(name, of: base, line), try values(of: arguments), named: name, line)
        }
        let function = try evaluate(callee)
        return try call(function, try values(of: arguments), named: "this", line)
    }

    private mutating func call(
        _ function: Value, _ arguments: CallArguments, named name: String, _ line: Int
    ) throws(TemplateError) -> Value {
        switch function {
        case .reference(.function(let name)): return try callFunction(name, arguments, line)
        case .reference(.macro(let number)): return try callMacro(macros[number], arguments, line)
        case .undefined(let what):
            throw TemplateError(code: .undefined, line: line, message: "\(what), so it cannot be called")
        default:
            throw TemplateError(
                code: .type, line: line,
                message: "'\(name)' is a value of type \(function.typeName) and cannot be called")
        }
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

    private mutating func callMacro(
        _ state: MacroState, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        let macro = state.macro
        guard arguments.positional.count <= macro.parameters.count else {
            throw TemplateError(
                code: .type, line: line,
                message: "the macro '\(macro.name)' takes at most \(macro.parameters.count) arguments")
        }
        try charge(macro.parameters.count * arguments.named.count, line)
        if let unknown = arguments.named.first(where: { given in !macro.parameters.contains { $0.name == given.name } })
        {
            throw TemplateError(
                code: .type, line: line, message: "the macro '\(macro.name)' has no parameter '\(unknown.name)'")
        }
        try enter(line)
        defer { leave() }
        // Each parameter is looked for among the names given.
        try charge(frames.count + macro.parameters.count * (1 + arguments.named.count), line)
        // A macro sees what was in sight where it was defined.
        let callerFrames = frames
        frames = Array(frames.prefix(state.frameCount))
        defer { frames = callerFrames }
        var frame: [String: Value] = [:]
        for (index, parameter) in macro.parameters.enumerated() {
            if let value = arguments.value(index, parameter.name) {
                frame[parameter.name] = value
            } else if let expression = parameter.value {
                frame[parameter.name] = try evaluate(expression)
            } else {
                frame[parameter.name] = .undefined("the parameter '\(parameter.name)' was not given")
            }
        }
        frames.append(frame)
        return try captured(macro.body)
    }
}
