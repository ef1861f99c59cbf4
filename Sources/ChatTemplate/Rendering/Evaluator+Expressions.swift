extension Evaluator {
    mutating func evaluate(_ expression: Expression) throws(TemplateError) -> Value {
        let line = expression.line
        try enter(line)
        defer { leave() }
        switch expression.kind {
        case .literal(let value): return value
        case .name(let name): return try lookup(name, line)
        case .list(let expressions):
            var elements: [Value] = []
            elements.reserveCapacity(expressions.count)
            for expression in expressions { elements.append(try evaluate(expression)) }
            return try list(elements, line)
        case .tuple(let expressions):
            var elements: [Value] = []
            elements.reserveCapacity(expressions.count)
            for expression in expressions { elements.append(try evaluate(expression)) }
            return try list(elements, kind: .tuple, line)
        case .mapping(let entries): return try mapping(entries, line)
        case .attribute(let base, let name): return try attribute(name, of: try evaluate(base), line)
        case .item(let base, let key):
            let base = try evaluate(base)
            let key = try evaluate(key)
            return try item(key, of: base, line)
        case .slice(let base, let start, let stop, let step):
            return try slice(try evaluate(base), try bound(start), try bound(stop), try bound(step), line)
        case .call(let callee, let arguments): return try call(callee, arguments, line)
        case .filter(let operand, let name, let arguments):
            let operand = try evaluate(operand)
            return try apply(name, to: operand, try values(of: arguments), line)
        case .test(let operand, let name, let arguments):
            let operand = try evaluate(operand)
            return .boolean(try passes(name, operand, try values(of: arguments), line))
        case .not(let operand): return .boolean(!(try evaluate(operand).isTrue))
        case .negative(let operand):
            let value = try evaluate(operand)
            return try negated(value, line)
        case .positive(let operand):
            let value = try evaluate(operand)
            guard value.asFloat != nil else { throw wrongType("+", value, line) }
            return value
        case .and(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? try evaluate(right) : value
        case .or(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? value : try evaluate(right)
        case .arithmetic(let operation, let left, let right):
            let left = try evaluate(left)
            let right = try evaluate(right)
            return try arithmetic(operation, left, right, line)
        case .comparison(let first, let rest):
            var left = try evaluate(first)
            for (operation, operand) in rest {
                let right = try evaluate(operand)
                guard try compare(operation, left, right, line) else { return .boolean(false) }
                left = right
            }
            return .boolean(true)
        case .conditional(let then, let test, let otherwise):
            if try evaluate(test).isTrue { return try evaluate(then) }
            guard let otherwise else { return .undefined("the 'if' without 'else' was false") }
            return try evaluate(otherwise)
        }
    }

    mutating func values(of arguments: Expression.Arguments) throws(TemplateError) -> CallArguments {
        var result = CallArguments()
        for expression in arguments.positional { result.positional.append(try evaluate(expression)) }
        for (name, expression) in arguments.named { result.named.append((name, try evaluate(expression))) }
        if let more = arguments.morePositional {
            let value = try evaluate(more)
            let values = try elements(of: value, more.line)
            try chargeElements(values.count, more.line)
            result.positional += values
        }
        if let more = arguments.moreNamed {
            let value = try evaluate(more)
            guard case .mapping(let mapping) = value else { throw wrongType("'**'", value, more.line) }
            for (index, value) in mapping.values.enumerated() {
                guard case .string(let name) = mapping.key(at: index) else {
                    throw TemplateError(code: .type, line: more.line, message: "'**' takes keys that are texts only")
                }
                try chargeEntry(name, more.line)
                result.named.append((name, value))
            }
        }
        return result
    }

    private mutating func mapping(
        _ entries: [(key: Expression, value: Expression)], _ line: Int
    ) throws(TemplateError) -> Value {
        var mapping = ValueMapping()
        for (key, value) in entries {
            let key = try evaluate(key)
            try chargeEntry(key.text ?? "", line)
            guard mapping.set(try evaluate(value), for: key) else {
                throw TemplateError(
                    code: .unsupported, line: line, message: "a key of type \(key.typeName) is not supported")
            }
        }
        return try checked(.mapping(mapping), line)
    }

    // MARK: Parts of values

    /// `base.name`: a method's name comes before a key, as in Python's dictionaries.
    mutating func attribute(_ name: String, of base: Value, _ line: Int) throws(TemplateError) -> Value {
        if case .undefined(let what) = base {
            throw TemplateError(code: .undefined, line: line, message: "\(what), so it has no '\(name)'")
        }
        if Self.hasMethod(name, base) { return .reference(.method(name)) }
        return try part(name, of: base, line)
    }

    private func part(_ name: String, of base: Value, _ line: Int) throws(TemplateError) -> Value {
        switch base {
        case .mapping, .reference(.namespace): try account.charge(bytes: 2 * name.utf8.count, .passed, line)
        default: break
        }
        switch base {
        case .mapping(let mapping):
            if let value = mapping[name] { return value }
        case .reference(.namespace(let number)):
            if let value = namespaces[number][name] { return value }
        case .reference(.loop(let number)):
            if number < loops.count, let value = loopPart(name, loops[number]) { return value }
        case .list(let list) where list.kind == .group && list.elements.count == 2:
            if name == "grouper" { return list.elements[0] }
            if name == "list" { return list.elements[1] }
        default: break
        }
        return .undefined("a value of type \(base.typeName) has no '\(Self.shown(name))'")
    }

    private func loopPart(_ name: String, _ loop: LoopState) -> Value? {
        let count = loop.elements.count
        switch name {
        case "index": return .integer(loop.index + 1)
        case "index0": return .integer(loop.index)
        case "revindex": return .integer(count - loop.index)
        case "revindex0": return .integer(count - loop.index - 1)
        case "first": return .boolean(loop.index == 0)
        case "last": return .boolean(loop.index == count - 1)
        case "length": return .integer(count)
        case "depth": return .integer(loop.depth + 1)
        case "depth0": return .integer(loop.depth)
        case "previtem": return loop.index > 0 ? loop.elements[loop.index - 1] : .undefined("there is no previous item")
        case "nextitem":
            return loop.index + 1 < count ? loop.elements[loop.index + 1] : .undefined("there is no next item")
        default: return nil
        }
    }

    /// `base[key]`.
    func item(_ key: Value, of base: Value, _ line: Int) throws(TemplateError) -> Value {
        try charge(1, line)
        if case .undefined(let what) = base {
            throw TemplateError(code: .undefined, line: line, message: "\(what), so it has no parts")
        }
        if case .string(let name) = key {
            let value = try part(name, of: base, line)
            return value.isUndefined && Self.hasMethod(name, base) ? .reference(.method(name)) : value
        }
        if case .mapping(let mapping) = base, let value = mapping.value(of: key) { return value }
        guard let index = key.asInteger else { return .undefined("there is no part by a key of type \(key.typeName)") }
        switch base {
        case .list(let list):
            let position = index < 0 ? index + list.elements.count : index
            if list.elements.indices.contains(position) { return list.elements[position] }
        case .string(let text):
            // Four bytes for each scalar.
            try account.charge(bytes: 4 * text.utf8.count, .passed, line)
            let scalars = Array(text.unicodeScalars)
            let position = index < 0 ? index + scalars.count : index
            if scalars.indices.contains(position) { return .string(String(scalars[position])) }
        default: break
        }
        return .undefined("a value of type \(base.typeName) has no item \(index)")
    }

    private mutating func bound(_ expression: Expression?) throws(TemplateError) -> Int? {
        guard let expression else { return nil }
        let value = try evaluate(expression)
        if value == .null { return nil }
        guard let index = value.asInteger else { throw wrongType("a slice", value, expression.line) }
        return index
    }

    /// `base[start:stop:step]` by Python's rules.
    private mutating func slice(
        _ base: Value, _ start: Int?, _ stop: Int?, _ step: Int?, _ line: Int
    ) throws(TemplateError) -> Value {
        let step = step ?? 1
        if step == 0 { throw TemplateError(code: .type, line: line, message: "a slice's step is 0") }
        switch base {
        case .list(let list):
            let positions = positions(list.elements.count, start, stop, step)
            try chargeElements(positions.underestimatedCount, line)
            return try checked(list.like(positions.map { list.elements[$0] }), line)
        case .string(let text):
            try account.charge(bytes: 4 * text.utf8.count, .passed, line)
            let scalars = Array(text.unicodeScalars)
            var result = ""
            for position in positions(scalars.count, start, stop, step) {
                result.unicodeScalars.append(scalars[position])
            }
            return try self.text(result, line)
        case .undefined(let what):
            throw TemplateError(code: .undefined, line: line, message: "\(what), so it has no parts")
        default: throw wrongType("a slice", base, line)
        }
    }

    private func positions(_ count: Int, _ start: Int?, _ stop: Int?, _ step: Int) -> StrideTo<Int> {
        func clamped(_ index: Int, _ low: Int, _ high: Int) -> Int {
            min(max(index < 0 ? max(index, -count - 1) + count : index, low), high)
        }
        // A step of `count` or more visits one element either way; clamped so that nothing overflows.
        let step = min(max(step, -count - 1), count + 1)
        if step > 0 {
            return stride(
                from: start.map { clamped($0, 0, count) } ?? 0, to: stop.map { clamped($0, 0, count) } ?? count,
                by: step)
        }
        return stride(
            from: start.map { clamped($0, -1, count - 1) } ?? count - 1,
            to: stop.map { clamped($0, -1, count - 1) } ?? -1,
            by: step)
    }

    func wrongType(_ operation: String, _ value: Value, _ line: Int) -> TemplateError {
        TemplateError(
            code: value.isUndefined ? .undefined : .type, line: line,
            message: "\(operation) does not take a value of type \(value.typeName)")
    }
}
