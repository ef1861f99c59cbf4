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
                for index in items.indices { items[index] = try path(attribute, of: items[index], line) }
            }
            let separator = try printed(arguments.value(0, "d") ?? .string(""), line)
            return try join(try list(items, line), separator: separator, line)
        case "reverse":
            if case .string(let text) = value {
                return try self.text(String(String.UnicodeScalarView(text.unicodeScalars.reversed())), line)
            }
            return try list(try elements(of: value, line).reversed(), line)
        case "sort":
            let items = try elements(of: value, line)
            let keys = try keys(of: items, arguments.value(2, "attribute"), line)
            let order = try sortedOrder(
                keys, foldsCase: !(arguments.value(1, "case_sensitive")?.isTrue ?? false),
                reverse: arguments.value(0, "reverse")?.isTrue ?? false, line)
            return try list(order.map { items[$0] }, line)
        case "unique":
            let items = try elements(of: value, line)
            let keys = try keys(of: items, arguments.value(1, "attribute"), line)
            var kept: [Int] = []
            for index in items.indices {
                var isNew = true
                for other in kept where try equal(folded(keys[other], true), folded(keys[index], true), line) {
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
        default: return nil
        }
    }

    private mutating func length(_ value: Value, _ line: Int) throws(TemplateError) -> Int {
        switch value {
        case .string(let text):
            try charge(text.utf8.count / 16, line)
            return text.unicodeScalars.count
        case .list(let list): return list.elements.count
        case .mapping(let mapping): return mapping.keys.count
        case .undefined: return 0
        default: throw wrongType("'length'", value, line)
        }
    }

    /// A part by a dotted path, as `function.name` or `0`.
    private mutating func path(
        _ attribute: Value, of value: Value, fallback: Value? = nil, _ line: Int
    ) throws(TemplateError) -> Value {
        var keys = [attribute]
        if case .string(let names) = attribute {
            keys = names.split(separator: ".").map { name in Int(name).map { .integer($0) } ?? .string(String(name)) }
        }
        var value = value
        for key in keys {
            value = try item(key, of: value, line)
            if value.isUndefined, let fallback, fallback != .null { value = fallback }
        }
        return value
    }

    private mutating func keys(of items: [Value], _ attribute: Value?, _ line: Int) throws(TemplateError) -> [Value] {
        guard let attribute, attribute != .null else { return items }
        var keys: [Value] = []
        for item in items { keys.append(try path(attribute, of: item, line)) }
        return keys
    }

    private func folded(_ value: Value, _ foldsCase: Bool) -> Value {
        if foldsCase, case .string(let text) = value { .string(text.lowercased()) } else { value }
    }

    /// The places of the keys in rising order; equal ones keep theirs. A merge sort, for its comparisons may throw.
    mutating func sortedOrder(
        _ keys: [Value], foldsCase: Bool, reverse: Bool, _ line: Int
    ) throws(TemplateError) -> [Int] {
        // The folded keys and two orders of them.
        try chargeElements(keys.count, line)
        let keys = keys.map { folded($0, foldsCase) }
        var order = Array(keys.indices)
        var width = 1
        while width < order.count {
            var merged: [Int] = []
            merged.reserveCapacity(order.count)
            for start in stride(from: 0, to: order.count, by: 2 * width) {
                var (left, right) = (start, min(start + width, order.count))
                let (leftEnd, rightEnd) = (right, min(start + 2 * width, order.count))
                while left < leftEnd || right < rightEnd {
                    let takesRight: Bool
                    if left < leftEnd && right < rightEnd {
                        let (one, other) = (keys[order[left]], keys[order[right]])
                        takesRight = try reverse ? isLess(one, other, line) : isLess(other, one, line)
                    } else {
                        takesRight = left == leftEnd
                    }
                    merged.append(order[takesRight ? right : left])
                    if takesRight { right += 1 } else { left += 1 }
                }
            }
            order = merged
            width *= 2
        }
        return order
    }

    private mutating func selected(
        _ value: Value, _ arguments: CallArguments, keeps: Bool, byAttribute: Bool = false, _ line: Int
    ) throws(TemplateError) -> Value {
        var rest = arguments
        var attribute: Value?
        if byAttribute {
            guard !rest.positional.isEmpty else {
                throw TemplateError(code: .type, line: line, message: "'selectattr' and 'rejectattr' need an attribute")
            }
            attribute = rest.positional.removeFirst()
        }
        var test: String?
        if !rest.positional.isEmpty {
            guard case .string(let name) = rest.positional.removeFirst() else {
                throw TemplateError(code: .type, line: line, message: "the name of a test must be a text")
            }
            test = name
        }
        var kept: [Value] = []
        for element in try elements(of: value, line) {
            try charge(1, line)
            let subject =
                try attribute.map { attribute throws(TemplateError) in try path(attribute, of: element, line) }
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
        let attribute = arguments.positional.isEmpty ? arguments.value(0, "attribute") : nil
        for element in try elements(of: value, line) {
            try charge(1, line)
            if let attribute {
                let fallback = arguments.named.first { $0.name == "default" }?.value
                results.append(try path(attribute, of: element, fallback: fallback, line))
            } else {
                var rest = arguments
                guard !rest.positional.isEmpty, case .string(let filter) = rest.positional.removeFirst() else {
                    throw TemplateError(code: .type, line: line, message: "'map' needs a filter's name or 'attribute='")
                }
                try enter(line)
                defer { leave() }
                results.append(try apply(filter, to: element, rest, line))
            }
        }
        return try list(results, line)
    }
}
