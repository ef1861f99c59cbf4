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

    /// Entries as lists of key and value.
    func pairs(_ order: [Int], of mapping: ValueMapping, _ line: Int) throws(TemplateError) -> Value {
        // Each is a list of its own.
        try chargeElements(4 * order.count, line)
        return try checked(.array(order.map { .array([.string(mapping.keys[$0]), mapping.values[$0]]) }), line)
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
        let keys = byValue ? mapping.values : mapping.keys.map { .string($0) }
        return try sortedOrder(
            keys, foldsCase: foldsCase, reverse: arguments.value(2, "reverse")?.isTrue ?? false, line)
    }

    /// The filters of texts; nil when the name is none of theirs.
    private mutating func textFilter(
        _ name: String, _ value: Value, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value? {
        switch name {
        case "string", "safe": return try text(try printed(value, line), line)
        case "trim":
            var characters: Set<Unicode.Scalar>?
            if case .string(let text) = arguments.value(0, "chars") {
                try charge(.examined, text, line)
                characters = Set(text.unicodeScalars)
            }
            let printed = try printed(value, line)
            return try text(try trimmed(printed, characters, line), line)
        case "upper": return try text(try uppercased(try printed(value, line), line), line)
        case "lower": return try text(try lowercased(try printed(value, line), line), line)
        case "capitalize":
            let printed = try printed(value, line)
            try charge(.written, printed, line)
            return try text(capitalized(printed), line)
        case "title":
            let printed = try printed(value, line)
            try charge(.examined, printed, line)
            return try text(titledWords(printed), line)
        case "replace":
            let old = try string(arguments, 0, "old", name, line)
            let new = try string(arguments, 1, "new", name, line)
            return try replaced(try printed(value, line), old, new, arguments.value(2, "count")?.asInteger, line)
        case "indent": return try indented(try printed(value, line), arguments, line)
        case "escape", "e", "forceescape":
            var result = ""
            let printed = try printed(value, line)
            try charge(.written, printed, line)
            for scalar in printed.unicodeScalars {
                switch scalar {
                case "&": result += "&amp;"
                case "<": result += "&lt;"
                case ">": result += "&gt;"
                case "'": result += "&#39;"
                case "\"": result += "&#34;"
                default: result.unicodeScalars.append(scalar)
                }
            }
            return try text(result, line)
        case "wordcount":
            let counted = try printed(value, line)
            try charge(counted.utf8.count, line)
            return .integer(counted.unicodeScalars.split(whereSeparator: isSpace).count)
        default: return nil
        }
    }

    private mutating func indented(
        _ value: String, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        let indent: String
        switch arguments.value(0, "width") ?? .integer(4) {
        case .string(let text): indent = text
        case let width:
            guard let count = width.asInteger, count <= 1000 else { throw wrongType("'indent'", width, line) }
            indent = String(repeating: " ", count: max(0, count))
        }
        let first = arguments.value(1, "first")?.isTrue ?? false
        let blank = arguments.value(2, "blank")?.isTrue ?? false
        var writer = ValueWriter(account: account, limit: limits.outputBytes, line: line)
        try charge(.written, value, line)
        try chargeElements(2 * value.utf8.count(where: { $0 == 0x0a }), line)
        let lines = value.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, text) in lines.enumerated() {
            if index > 0 { try writer.write("\n") }
            if index == 0 ? first : (blank || !text.isEmpty) { try writer.write(indent) }
            try writer.write(String(Substring(text)))
        }
        return .string(writer.output)
    }
}
