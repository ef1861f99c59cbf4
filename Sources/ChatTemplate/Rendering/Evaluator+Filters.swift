extension Evaluator {
    /// Names of filters and tests are compared with what there is; these may be any text.
    static let longestName = 64

    /// Applies a filter by name.
    mutating func apply(
        _ name: String, to value: Value, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        if name.utf8.count > Self.longestName { throw unsupportedFilter(name, line) }
        if let result = try textFilter(name, value, arguments, line) { return result }
        if let result = try listFilter(name, value, arguments, line) { return result }
        switch name {
        case "default", "d":
            let replacement = arguments.value(0, "default_value") ?? .string("")
            let replacesFalse = arguments.value(1, "boolean")?.isTrue ?? false
            return value.isUndefined || (replacesFalse && !value.isTrue) ? replacement : value
        case "tojson": return try json(value, arguments, line)
        case "from_json": return try parsed(json: value, line)
        case "int":
            if case .float(let number) = value, abs(number) < 0x1p62 { return .integer(Int(number)) }
            if case .string(let text) = value {
                let written = try number(in: text, line)
                if let number = Int(written) { return .integer(number) }
                if let number = Double(written), abs(number) < 0x1p62 { return .integer(Int(number)) }
            }
            return value.asInteger.map { .integer($0) } ?? arguments.value(0, "default") ?? .integer(0)
        case "float":
            if case .string(let text) = value, let number = Double(try number(in: text, line)) {
                return .float(number)
            }
            return value.asFloat.map { .float($0) } ?? arguments.value(0, "default") ?? .float(0)
        case "abs":
            if case .float(let number) = value { return .float(abs(number)) }
            guard let number = value.asInteger else { throw wrongType("'abs'", value, line) }
            return number < 0 ? try negated(value, line) : .integer(number)
        case "round": return try rounded(value, arguments, line)
        case "items", "dictsort":
            if case .undefined = value, name == "items" { return .array([]) }
            guard case .mapping(let mapping) = value else { throw wrongType("'\(name)'", value, line) }
            let order = name == "items" ? Array(mapping.keys.indices) : try sortedKeys(mapping, arguments, line)
            return try pairs(order, of: mapping, line)
        case "attr":
            return try attribute(try string(arguments, 0, "name", name, line), of: value, line)
        default: throw unsupportedFilter(name, line)
        }
    }

    private func unsupportedFilter(_ name: String, _ line: Int) -> TemplateError {
        TemplateError(
            code: .unsupported, line: line, message: "the filter '\(Self.shown(name))' is not supported")
    }

    /// Entries as tuples of key and value.
    func pairs(_ order: [Int], of mapping: ValueMapping, _ line: Int) throws(TemplateError) -> Value {
        // Each is a list of its own.
        try chargeElements(4 * order.count, line)
        return try checked(.array(order.map { .tuple([mapping.key(at: $0), mapping.values[$0]]) }), line)
    }

    /// What may be a number in a text: nothing in one of more digits than Python converts.
    private func number(in text: String, _ line: Int) throws(TemplateError) -> String {
        try charge(.examined, text, line)
        let written = stripped(text, nil)
        return written.utf8.count <= 4300 ? written : ""
    }

    /// `json.dumps` as Hugging Face's transformers give it to templates: no HTML escapes, no ASCII escapes.
    private mutating func json(_ value: Value, _ arguments: CallArguments, _ line: Int) throws(TemplateError) -> Value {
        var style = JSONStyle()
        style.ensureASCII = arguments.value(0, "ensure_ascii")?.isTrue ?? false
        switch arguments.value(1, "indent") {
        case nil, .some(.null): break
        case .string(let text): style.indent = text
        case .some(let indent):
            guard let count = indent.asInteger, count <= 64 else {
                throw wrongType("the indent of 'tojson'", indent, line)
            }
            style.indent = String(repeating: " ", count: max(0, count))
        }
        if style.indent != nil { style.itemSeparator = "," }
        if case .list(let separators) = arguments.value(2, "separators"), separators.elements.count == 2,
            case .string(let item) = separators.elements[0], case .string(let key) = separators.elements[1]
        {
            (style.itemSeparator, style.keySeparator) = (item, key)
        }
        style.sortKeys = arguments.value(3, "sort_keys")?.isTrue ?? false
        var writer = ValueWriter(account: account, limit: limits.outputBytes, line: line)
        try writer.writeJSON(value, style)
        return .string(writer.output)
    }

    /// What JSON in a text says: a filter that templates of llama.cpp have for the arguments of tool calls.
    private func parsed(json value: Value, _ line: Int) throws(TemplateError) -> Value {
        guard case .string(let text) = value else { throw wrongType("'from_json'", value, line) }
        // A byte may begin a value or an entry.
        try charge(8 + 2 * text.utf8.count, line)
        let parsed: Value
        do throws(JSONError) {
            parsed = try Value(json: text)
        } catch {
            throw TemplateError(code: .type, line: line, message: "'from_json' was given no JSON: \(error)")
        }
        return try checked(parsed, line)
    }

    private func rounded(_ value: Value, _ arguments: CallArguments, _ line: Int) throws(TemplateError) -> Value {
        guard let number = value.asFloat else { throw wrongType("'round'", value, line) }
        guard let digits = (arguments.value(0, "precision") ?? .integer(0)).asInteger, (0...15).contains(digits) else {
            throw TemplateError(code: .unsupported, line: line, message: "'round' takes 0 to 15 digits")
        }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rule: FloatingPointRoundingRule =
            switch arguments.value(1, "method") {
            case let method? where method.isText("ceil"): .up
            case let method? where method.isText("floor"): .down
            default: .toNearestOrEven
            }
        return .float((number * scale).rounded(rule) / scale)
    }

    private mutating func sortedKeys(
        _ mapping: ValueMapping, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> [Int] {
        let byValue = arguments.value(1, "by")?.isText("value") ?? false
        let foldsCase = !(arguments.value(0, "case_sensitive")?.isTrue ?? false)
        try chargeElements(mapping.keys.count, line)
        let keys = byValue ? mapping.values : mapping.keys.indices.map(mapping.key(at:))
        return try sortedOrder(
            keys, foldsCase: foldsCase, reverse: arguments.value(2, "reverse")?.isTrue ?? false, line)
    }
}
