extension Evaluator {
    /// The filters of lists; nil when the name is none of theirs.
    mutating func listFilter(
        _ name: String, _ value: Value, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value? {
        switch name {
        case "length", "count": return .integer(try length(value, line))
        case "list": return try list(try elements(of: value, line), line)
        case "first": return try elements(of: value, line).first ?? .undefined("there is no first item")
        case "last": return try elements(of: value, line).last ?? .undefined("there is no last item")
        case "join":
            var items = try elements(of: value, line)
            if let attribute = arguments.value(1, "attribute") {
                items = try keys(of: items, attribute, line)
            }
            let separator = try printed(arguments.value(0, "d") ?? .string(""), line)
            return try join(try list(items, line), separator: separator, line)
        case "reverse":
            if case .string(let text) = value {
                try charge(.examined, text, line)
                return try self.text(String(String.UnicodeScalarView(text.unicodeScalars.reversed())), line)
            }
            let items = try elements(of: value, line)
            try chargeElements(items.count, line)
            return try checked(.array(items.reversed()), line)
        case "sort":
            let items = try elements(of: value, line)
            let keys = try keys(of: items, arguments.value(2, "attribute"), line)
            let order = try sortedOrder(
                keys, foldsCase: !(arguments.value(1, "case_sensitive")?.isTrue ?? false),
                reverse: arguments.value(0, "reverse")?.isTrue ?? false, line)
            return try list(order.map { items[$0] }, line)
        case "unique":
            let items = try elements(of: value, line)
            let keys = try folded(try keys(of: items, arguments.value(1, "attribute"), line), line)
            var kept: [Int] = []
            for index in items.indices {
                var isNew = true
                for other in kept where try equal(keys[other], keys[index], line) {
                    isNew = false
                    break
                }
                if isNew { kept.append(index) }
            }
            return try list(kept.map { items[$0] }, line)
        case "sum":
            var total = arguments.value(1, "start") ?? .integer(0)
            for key in try keys(of: try elements(of: value, line), arguments.value(0, "attribute"), line) {
                total = try arithmetic("+", total, key, line)
            }
            return total
        case "min", "max":
            let items = try elements(of: value, line)
            let keys = try keys(of: items, arguments.value(1, "attribute"), line)
            let order = try sortedOrder(keys, foldsCase: true, reverse: name == "max", line)
            return order.first.map { items[$0] } ?? .undefined("there is no \(name) of nothing")
        case "select", "reject": return try selected(value, arguments, keeps: name == "select", line)
        case "selectattr", "rejectattr":
            return try selected(value, arguments, keeps: name == "selectattr", byAttribute: true, line)
        case "map": return try mapped(value, arguments, line)
        case "groupby": return try grouped(value, arguments, line)
        case "batch": return try batches(value, arguments, line)
        case "slice": return try slices(value, arguments, line)
        default: return nil
        }
    }

    private mutating func length(_ value: Value, _ line: Int) throws(TemplateError) -> Int {
        switch value {
        case .string(let text):
            try charge(.passed, text, line)
            return text.unicodeScalars.count
        case .list(let list): return list.elements.count
        case .mapping(let mapping): return mapping.keys.count
        case .undefined: return 0
        default: throw wrongType("'length'", value, line)
        }
    }

    /// The keys of a dotted path, as `function.name` or `0`.
    func path(_ attribute: Value, _ line: Int) throws(TemplateError) -> [Value] {
        guard case .string(let names) = attribute else { return [attribute] }
        try charge(.written, names, line)
        try chargeElements(4 * names.utf8.count(where: { $0 == UInt8(ascii: ".") }), line)
        return names.utf8.split(separator: UInt8(ascii: ".")).map { name in
            name.count < 20
                ? Int(Substring(name)).map { .integer($0) } ?? .string(String(Substring(name)))
                : .string(String(Substring(name)))
        }
    }

    /// A part by the keys of a path.
    func part(
        at path: [Value], of value: Value, fallback: Value? = nil, _ line: Int
    ) throws(TemplateError) -> Value {
        var value = value
        for key in path {
            value = try item(key, of: value, line)
            if value.isUndefined, let fallback, !fallback.isNull { value = fallback }
        }
        return value
    }

    private func keys(of items: [Value], _ attribute: Value?, _ line: Int) throws(TemplateError) -> [Value] {
        guard let attribute, !attribute.isNull else { return items }
        let path = try path(attribute, line)
        try chargeElements(items.count, line)
        var keys: [Value] = []
        for item in items { keys.append(try part(at: path, of: item, line)) }
        return keys
    }

    /// Texts in lower case, so that comparing them does not tell cases apart.
    func folded(_ keys: [Value], _ line: Int) throws(TemplateError) -> [Value] {
        try chargeElements(keys.count, line)
        var result: [Value] = []
        for key in keys {
            if case .string(let text) = key {
                result.append(.string(try lowercased(text, line)))
            } else {
                result.append(key)
            }
        }
        return result
    }

    /// The places of the keys in rising order; equal ones keep theirs.
    func sortedOrder(
        _ keys: [Value], foldsCase: Bool, reverse: Bool, _ line: Int
    ) throws(TemplateError) -> [Int] {
        // Two orders of them.
        try chargeElements(keys.count, line)
        let keys = foldsCase ? try folded(keys, line) : keys
        return try mergeSorted(keys.count) { (one, other) throws(TemplateError) in
            try reverse ? isLess(keys[other], keys[one], line) : isLess(keys[one], keys[other], line)
        }
    }

    private mutating func selected(
        _ value: Value, _ arguments: CallArguments, keeps: Bool, byAttribute: Bool = false, _ line: Int
    ) throws(TemplateError) -> Value {
        var rest = arguments
        var attribute: [Value]?
        if byAttribute {
            guard !rest.positional.isEmpty else {
                throw TemplateError(code: .type, line: line, message: "'selectattr' and 'rejectattr' need an attribute")
            }
            attribute = try path(rest.positional.removeFirst(), line)
        }
        var test: String?
        if !rest.positional.isEmpty {
            guard case .string(let name) = rest.positional.removeFirst() else {
                throw TemplateError(code: .type, line: line, message: "the name of a test must be a text")
            }
            test = name
        }
        // As in Jinja, nothing is asked of what is empty, none or zero.
        if !value.isTrue { return .array([]) }
        var kept: [Value] = []
        for element in try elements(of: value, line) {
            try charge(1, line)
            let subject =
                try attribute.map { attribute throws(TemplateError) in try part(at: attribute, of: element, line) }
                ?? element
            let isChosen =
                try test.map { test throws(TemplateError) in try passes(test, subject, rest, line) } ?? subject.isTrue
            if isChosen == keeps { kept.append(element) }
        }
        return try list(kept, line)
    }

    private mutating func mapped(_ value: Value, _ arguments: CallArguments, _ line: Int) throws(TemplateError) -> Value
    {
        var results: [Value] = []
        let elements = value.isTrue ? try elements(of: value, line) : []
        if arguments.positional.isEmpty, let attribute = arguments.value(0, "attribute") {
            let path = try path(attribute, line)
            let fallback = arguments.named.first { $0.name == "default" }?.value
            for element in elements {
                try charge(1, line)
                results.append(try part(at: path, of: element, fallback: fallback, line))
            }
            return try list(results, line)
        }
        if elements.isEmpty { return .array([]) }
        guard case .string(let filter) = arguments.positional.first else {
            throw TemplateError(code: .type, line: line, message: "'map' needs a filter's name or 'attribute='")
        }
        var rest = arguments
        rest.positional.removeFirst()
        for element in elements {
            try enter(line)
            defer { leave() }
            results.append(try apply(filter, to: element, rest, line))
        }
        return try list(results, line)
    }
}
