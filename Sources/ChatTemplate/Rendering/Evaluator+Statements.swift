extension Evaluator {
    /// How a run of statements ended.
    enum Flow {
        case normal
        case breakLoop
        case continueLoop
    }

    mutating func execute(_ statements: [Statement]) throws(TemplateError) -> Flow {
        for statement in statements {
            let flow = try execute(statement)
            if flow != .normal { return flow }
        }
        return .normal
    }

    private mutating func execute(_ statement: Statement) throws(TemplateError) -> Flow {
        let line = statement.line
        try enter(line)
        defer { leave() }
        switch statement.kind {
        case .text(let text):
            try emit(text, line)
        case .output(let expression):
            // Not within the call: that would hold a copy of the evaluator meanwhile, and changes to it would copy all that it holds.
            let value = try evaluate(expression)
            try emit(try printed(value, line), line)
        case .condition(let branches, let otherwise):
            for (test, body) in branches where try evaluate(test).isTrue { return try execute(body) }
            return try execute(otherwise)
        case .loop(let loop): return try execute(loop, line)
        case .set(let targets, let expression):
            let value = try evaluate(expression)
            if targets.count == 1 {
                try assign(targets[0], value, line)
            } else {
                let values = try elements(of: value, line)
                guard values.count == targets.count else {
                    throw TemplateError(
                        code: .type, line: line,
                        message: "\(values.count) values cannot be set to \(targets.count) names")
                }
                for (target, value) in zip(targets, values) { try assign(target, value, line) }
            }
        case .setBlock(let target, let filters, let body):
            let text = try captured(body)
            try assign(target, try apply(filters, to: text, line), line)
        case .filtered(let filters, let body):
            let text = try captured(body)
            let value = try apply(filters, to: text, line)
            try emit(try printed(value, line), line)
        case .macro(let macro):
            // It lives to the end of the rendering.
            try charge(64, line)
            macros.append(MacroState(macro: macro, scope: .outer(frames.count)))
            assign(macro.name, .reference(.macro(macros.count - 1)))
        case .call(let macro, let expression):
            let value = try call(expression, caller: macro, line)
            try emit(try printed(value, line), line)
        case .with(let bindings, let body):
            var frame: [String: Value] = [:]
            for (name, expression) in bindings { frame[name] = try evaluate(expression) }
            frames.append(frame)
            defer { frames.removeLast() }
            return try execute(body)
        case .group(let body): return try execute(body)
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        }
        return .normal
    }

    private mutating func emit(_ text: String, _ line: Int) throws(TemplateError) {
        guard writer.output.utf8.count + text.utf8.count <= limits.outputBytes else {
            throw TemplateError(
                code: .limit, line: line, message: "the output grows beyond \(limits.outputBytes) bytes")
        }
        writer.line = line
        try writer.write(text)
    }

    /// What statements print, as a text, in a scope of their own.
    mutating func captured(_ body: [Statement]) throws(TemplateError) -> Value {
        try captured { (evaluator) throws(TemplateError) in _ = try evaluator.execute(body) }
    }

    /// What a run prints, as a text, in a scope of its own.
    mutating func captured(_ run: (inout Evaluator) throws(TemplateError) -> Void) throws(TemplateError) -> Value {
        let outer = writer
        writer = ValueWriter(account: account, limit: limits.outputBytes, line: outer.line)
        frames.append([:])
        defer {
            frames.removeLast()
            writer = outer
        }
        try run(&self)
        return .string(writer.output)
    }

    private mutating func apply(
        _ filters: [Statement.FilterCall], to value: Value, _ line: Int
    ) throws(TemplateError) -> Value {
        var value = value
        for filter in filters { value = try apply(filter.name, to: value, try values(of: filter.arguments), line) }
        return value
    }

    private mutating func assign(_ target: Statement.Target, _ value: Value, _ line: Int) throws(TemplateError) {
        switch target {
        case .name(let name): assign(name, value)
        case .attribute(let name, let attribute):
            guard case .reference(.namespace(let number)) = try lookup(name, line) else {
                throw TemplateError(
                    code: .type, line: line, message: "'\(name)' is no namespace, so '\(attribute)' cannot be set")
            }
            try chargeEntry(attribute, line)
            namespaces[number][attribute] = try checked(value, line)
        }
    }

    private mutating func execute(_ loop: Statement.Loop, _ line: Int) throws(TemplateError) -> Flow {
        try execute(loop, over: try evaluate(loop.sequence), depth: 0, line)
    }

    /// A recursive loop's body over other values, as a text.
    mutating func callLoop(
        _ number: Int, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        guard number < loops.count, let loop = loops[number].recursive else {
            throw TemplateError(
                code: .type, line: line, message: "only a loop that is marked 'recursive' can be called, within itself")
        }
        guard let values = arguments.positional.first, arguments.positional.count == 1 else {
            throw TemplateError(code: .type, line: line, message: "a loop is called with one value")
        }
        let state = loops[number]
        try charge(frames.count, line)
        // The body sees what was in sight where the loop began.
        let callerFrames = frames
        frames = Array(frames.prefix(state.frameCount))
        defer { frames = callerFrames }
        return try captured { (evaluator) throws(TemplateError) in
            _ = try evaluator.execute(loop, over: values, depth: state.depth + 1, line)
        }
    }

    private mutating func execute(
        _ loop: Statement.Loop, over values: Value, depth: Int, _ line: Int
    ) throws(TemplateError) -> Flow {
        var turns = try elements(of: values, line)
        if let condition = loop.condition {
            var kept: [Value] = []
            for element in turns {
                frames.append(try bindings(loop.targets, element, line))
                defer { frames.removeLast() }
                if try evaluate(condition).isTrue { kept.append(element) }
            }
            turns = kept
        }
        if turns.isEmpty { return try execute(loop.otherwise) }
        let number = loops.count
        loops.append(
            LoopState(
                elements: turns, depth: depth, recursive: loop.isRecursive ? loop : nil, frameCount: frames.count))
        defer { loops.removeLast() }
        for (index, element) in turns.enumerated() {
            try charge(1, line)
            loops[number].index = index
            var frame = try bindings(loop.targets, element, line)
            frame["loop"] = .reference(.loop(number))
            frames.append(frame)
            defer { frames.removeLast() }
            if try execute(loop.body) == .breakLoop { break }
        }
        return .normal
    }

    private mutating func bindings(
        _ targets: [String], _ element: Value, _ line: Int
    ) throws(TemplateError) -> [String: Value] {
        try charge(targets.count, line)
        if targets.count == 1 { return [targets[0]: element] }
        let parts = try elements(of: element, line)
        guard parts.count == targets.count else {
            throw TemplateError(
                code: .type, line: line,
                message: "an element of \(parts.count) parts cannot be taken apart into \(targets.count)")
        }
        var frame: [String: Value] = [:]
        for (name, part) in zip(targets, parts) { frame[name] = part }
        return frame
    }

    /// What a loop over a value yields: elements, keys or characters.
    func elements(of value: Value, _ line: Int) throws(TemplateError) -> [Value] {
        switch value {
        case .list(let list): return list.elements
        case .mapping(let mapping):
            try chargeElements(mapping.keys.count, line)
            return mapping.keys.indices.map(mapping.key(at:))
        case .string(let text):
            try charge(.passed, text, line)
            try chargeElements(text.unicodeScalars.count, line)
            return text.unicodeScalars.map { .string(String($0)) }
        case .undefined: return []
        default:
            throw TemplateError(
                code: .type, line: line, message: "a value of type \(value.typeName) cannot be looped over")
        }
    }
}
