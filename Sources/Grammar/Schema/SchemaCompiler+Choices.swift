extension SchemaCompiler {
    /// `anyOf` and `oneOf`: each alternative together with what stands beside them.
    mutating func compileChoice(
        _ name: String, _ keywords: SchemaKeywords, depth: Int
    ) throws(GrammarError) -> Expression {
        let entry = keywords[name]!
        guard let alternatives = try keywords.list(name), !alternatives.isEmpty else {
            throw GrammarError(.syntax, "\(name) must be a list of at least one schema", at: .pointer(entry.pointer))
        }
        var beside = keywords
        beside[name] = nil
        // By itself `nullable` is an alternative more.
        let isNullable = beside["nullable"]?.value == .boolean(true) && beside["type"] == nil
        beside["nullable"] = isNullable ? nil : beside["nullable"]
        if name == "oneOf" { try refuseOverlaps(alternatives, beside["type"], at: entry.pointer, depth: depth) }
        var choices: [Expression] = isNullable ? [.text("null")] : []
        for (index, alternative) in alternatives.enumerated() {
            let place = "\(entry.pointer)/\(index)"
            if beside.entries.isEmpty {
                choices.append(try schema(alternative, at: place, depth: depth + 1))
            } else if let own = try self.keywords(of: alternative, at: place, depth: depth + 1) {
                var whole = beside
                try merge(own, into: &whole)
                choices.append(try compile(whole, depth: depth + 1))
            }
        }
        return .choice(choices)
    }

    /// A schema's keywords with those of its references; nil where nothing satisfies it.
    private mutating func keywords(
        of schema: OrderedJSON, at pointer: String, depth: Int
    ) throws(GrammarError) -> SchemaKeywords? {
        switch schema {
        case .boolean(let isAny): return isAny ? SchemaKeywords(pointer: pointer) : nil
        case .object(let properties):
            return try merged(try SchemaKeywords(properties, at: pointer), depth: depth)
        default: throw GrammarError(.syntax, "a schema must be an object, true or false", at: .pointer(pointer))
        }
    }

    /// - Throws: where one value may satisfy two of the alternatives.
    private mutating func refuseOverlaps(
        _ alternatives: [OrderedJSON], _ type: SchemaKeywords.Entry?, at pointer: String, depth: Int
    ) throws(GrammarError) {
        var all: [SchemaKeywords] = []
        for (index, alternative) in alternatives.enumerated() {
            guard var keywords = try keywords(of: alternative, at: "\(pointer)/\(index)", depth: depth + 1) else {
                continue
            }
            if keywords["type"] == nil { keywords["type"] = type }
            all.append(keywords)
        }
        for (index, one) in all.enumerated() {
            for other in all[..<index] {
                try count(pointer, depth: depth)
                guard try areDisjoint(one, other, depth: depth) else {
                    throw GrammarError(
                        .unsupported,
                        "oneOf is supported where no value satisfies two alternatives, and \(other.pointer) and \(one.pointer) are not seen to be apart; use anyOf, or give them a property with different constants",
                        at: .pointer(pointer))
                }
            }
        }
    }

    /// Whether it is plain that no value satisfies both.
    private mutating func areDisjoint(_ one: SchemaKeywords, _ other: SchemaKeywords, depth: Int) throws(GrammarError)
        -> Bool
    {
        if let mine = try values(of: one), let theirs = try values(of: other) {
            return !mine.contains { theirs.contains($0) }
        }
        guard let mine = try namedTypes(of: one), let theirs = try namedTypes(of: other) else { return false }
        let common = JSONType.allCases.filter { mine.allows($0) && theirs.allows($0) }
        if common.isEmpty { return true }
        guard common == [.object] else { return false }
        let required = [Set(try one.names("required") ?? []), Set(try other.names("required") ?? [])]
        let properties = [try one.properties("properties") ?? [], try other.properties("properties") ?? []]
        for (index, keywords) in [other, one].enumerated()
        where keywords["additionalProperties"]?.value == .boolean(false) {
            // One needs what the other does not allow.
            if required[index].contains(where: { name in !properties[1 - index].contains { $0.name == name } }) {
                return true
            }
        }
        for property in properties[0] where required[0].contains(property.name) && required[1].contains(property.name) {
            guard let same = properties[1].first(where: { $0.name == property.name }), depth < limits.depth,
                let mine = try keywords(of: property.value, at: one.pointer, depth: depth + 1),
                let theirs = try keywords(of: same.value, at: other.pointer, depth: depth + 1)
            else { continue }
            if try areDisjoint(mine, theirs, depth: depth + 1) { return true }
        }
        return false
    }

    private func values(of keywords: SchemaKeywords) throws(GrammarError) -> [OrderedJSON]? {
        // 1 and 1.0 are one value.
        func comparable(_ value: OrderedJSON) -> OrderedJSON {
            guard case .number(let text) = value, let number = Decimal(text) else { return value }
            let sign = number.isNegative ? "-" : ""
            return .number("\(sign)\(number.whole).\(number.fraction)")
        }
        if let constant = keywords["const"]?.value { return [comparable(constant)] }
        return try keywords.list("enum")?.map(comparable)
    }

    /// As far as they are said: what follows from other keywords does not keep values of other types out.
    private func namedTypes(of keywords: SchemaKeywords) throws(GrammarError) -> Set<JSONType>? {
        if let values = try values(of: keywords) {
            let types = Set(
                values.map { value -> JSONType in if case .number = value { .number } else { JSONType.of(value) } })
            if keywords["type"] == nil { return types }
        }
        return keywords["type"] == nil ? nil : try keywords.types()
    }
}
