extension Evaluator {
    mutating func callMacro(
        _ state: MacroState, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        let macro = state.macro
        let scope: [[String: Value]]
        switch state.scope {
        case .outer(let count): scope = Array(frames.prefix(count))
        case .block(let frames): scope = frames
        case .ended:
            throw TemplateError(code: .type, line: line, message: "the block that 'caller' was the body of is over")
        }
        try check(arguments, of: macro, line)
        try enter(line)
        defer { leave() }
        // Each parameter is looked for among the names given.
        try charge(frames.count + scope.count + macro.parameters.count * (1 + arguments.named.count), line)
        // A macro sees what was in sight where it was defined.
        let callerFrames = frames
        frames = scope
        defer { frames = callerFrames }
        frames.append(try specialVariables(macro, arguments, line))
        defer { frames.removeLast() }
        for (index, parameter) in macro.parameters.enumerated() {
            if let value = arguments.value(index, parameter.name) {
                assign(parameter.name, value)
            } else if parameter.name == Statement.SpecialName.caller.rawValue, let caller = arguments.caller {
                assign(parameter.name, caller)
            } else if let expression = parameter.value {
                assign(parameter.name, try evaluate(expression))
            } else {
                assign(parameter.name, .undefined("the parameter '\(parameter.name)' was not given"))
            }
        }
        return try captured(macro.body)
    }

    /// Refuses arguments that a macro has no place for.
    private func check(
        _ arguments: CallArguments, of macro: Statement.Macro, _ line: Int
    ) throws(TemplateError) {
        guard arguments.positional.count <= macro.parameters.count || macro.uses.contains(.varargs) else {
            throw TemplateError(
                code: .type, line: line,
                message: "the macro '\(macro.name)' takes at most \(macro.parameters.count) arguments")
        }
        try charge(macro.parameters.count * arguments.named.count, line)
        if !macro.uses.contains(.kwargs),
            let unknown = arguments.named.first(where: { given in
                !macro.parameters.contains { $0.name == given.name }
            })
        {
            throw TemplateError(
                code: .type, line: line,
                message: "the macro '\(macro.name)' has no parameter '\(Self.shown(unknown.name))'")
        }
        if arguments.caller != nil, !macro.uses.contains(.caller),
            !macro.parameters.contains(where: { $0.name == Statement.SpecialName.caller.rawValue })
        {
            throw TemplateError(
                code: .type, line: line,
                message: "the macro '\(macro.name)' does not use 'caller', so no block can call it")
        }
    }

    /// `caller`, `varargs` and `kwargs`, where the macro uses them.
    private func specialVariables(
        _ macro: Statement.Macro, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> [String: Value] {
        var frame: [String: Value] = [:]
        for name in macro.uses {
            switch name {
            case .caller:
                frame[name.rawValue] = arguments.caller ?? .undefined("the macro was not called by a block")
            case .varargs:
                frame[name.rawValue] = try list(
                    Array(arguments.positional.dropFirst(macro.parameters.count)), kind: .tuple, line)
            case .kwargs:
                var more = ValueMapping()
                for (name, value) in arguments.named
                where !macro.parameters.contains(where: { $0.name == name }) {
                    try chargeEntry(name, line)
                    more[name] = value
                }
                frame[name.rawValue] = try checked(.mapping(more), line)
            }
        }
        return frame
    }
}
