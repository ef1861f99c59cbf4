extension SchemaCompiler {
    /// A schema with what its `$ref` and `allOf` say put into it; nil where nothing satisfies it.
    mutating func merged(_ keywords: SchemaKeywords, depth: Int) throws(GrammarError) -> SchemaKeywords? {
        guard keywords["$ref"] != nil || keywords["allOf"] != nil else { return keywords }
        try count(keywords.pointer, depth: depth)
        var result = keywords
        result["$ref"] = nil
        result["allOf"] = nil
        var parts: [(OrderedJSON, String)] = []
        if keywords["$ref"] != nil {
            let pointer = try target(of: keywords)
            parts.append((document.value(at: pointer)!, pointer))
        }
        for (index, part) in (try keywords.list("allOf") ?? []).enumerated() {
            parts.append((part, "\(keywords["allOf"]!.pointer)/\(index)"))
        }
        for (part, pointer) in parts {
            switch part {
            case .boolean(true): continue
            case .boolean(false): return nil
            case .object(let properties):
                guard let other = try merged(try SchemaKeywords(properties, at: pointer), depth: depth + 1) else {
                    return nil
                }
                try merge(other, into: &result)
            default: throw GrammarError(.syntax, "a schema must be an object, true or false", at: .pointer(pointer))
            }
        }
        return result
    }

    /// Both must hold.
    func merge(_ other: SchemaKeywords, into result: inout SchemaKeywords) throws(GrammarError) {
        try restrictProperties(of: &result, by: other)
        var other = other
        try restrictProperties(of: &other, by: result)
        // A type that is not named follows from keywords, so it is named before others come.
        let types = [try result.types(), try other.types()]
        for (name, entry) in other.entries.sorted(by: { $0.key < $1.key }) {
            guard let mine = result[name] else {
                result[name] = entry
                continue
            }
            if mine.value == entry.value { continue }
            result[name]!.value = try both(name, mine, entry)
        }
        if let one = types[0], let two = types[1] {
            let common = JSONType.allCases.filter { one.allows($0) && two.allows($0) }
            let pointer = result["type"]?.pointer ?? result.pointer
            result["type"] = .init(value: .array(common.map { .string($0.rawValue) }), pointer: pointer)
            result["nullable"] = nil
        }
    }

    /// What is said by both values of a keyword.
    private func both(
        _ name: String, _ one: SchemaKeywords.Entry, _ two: SchemaKeywords.Entry
    ) throws(GrammarError) -> OrderedJSON {
        func all(_ schemas: OrderedJSON...) -> OrderedJSON { .object([.init("allOf", .array(schemas))]) }
        switch (name, one.value, two.value) {
        case ("type", _, _), ("nullable", _, _): return one.value
        case ("properties", .object(let mine), .object(let theirs)):
            var result = mine
            for property in theirs {
                if let place = result.firstIndex(where: { $0.name == property.name }) {
                    result[place].value = all(result[place].value, property.value)
                } else {
                    result.append(property)
                }
            }
            return .object(result)
        case ("required", .array(let mine), .array(let theirs)):
            return .array(mine + theirs.filter { !mine.contains($0) })
        case ("enum", .array(let mine), .array(let theirs)): return .array(mine.filter { theirs.contains($0) })
        case ("minimum", .number(let mine), .number(let theirs)),
            ("exclusiveMinimum", .number(let mine), .number(let theirs)),
            ("minLength", .number(let mine), .number(let theirs)), ("minItems", .number(let mine), .number(let theirs)),
            ("minProperties", .number(let mine), .number(let theirs)):
            guard let left = Decimal(mine), let right = Decimal(theirs) else { break }
            return left < right ? two.value : one.value
        case ("maximum", .number(let mine), .number(let theirs)),
            ("exclusiveMaximum", .number(let mine), .number(let theirs)),
            ("maxLength", .number(let mine), .number(let theirs)), ("maxItems", .number(let mine), .number(let theirs)),
            ("maxProperties", .number(let mine), .number(let theirs)):
            guard let left = Decimal(mine), let right = Decimal(theirs) else { break }
            return left < right ? one.value : two.value
        case ("additionalProperties", .boolean(false), _), ("additionalProperties", _, .boolean(true)): return one.value
        case ("additionalProperties", .boolean(true), _), ("additionalProperties", _, .boolean(false)): return two.value
        case ("additionalProperties", let mine, let theirs): return all(mine, theirs)
        case ("items", .array, _), ("items", _, .array): break
        case ("items", let mine, let theirs): return all(mine, theirs)
        case ("anyOf", .array(let mine), let theirs), ("oneOf", .array(let mine), let theirs):
            let rest = OrderedJSON.object([.init(name, theirs)])
            return .array(mine.map { all($0, rest) })
        default: break
        }
        throw GrammarError(
            .unsupported, "\(name) is there twice, also at \(two.pointer), and the two cannot be put together",
            at: .pointer(one.pointer))
    }

    /// Takes out the properties that another schema does not allow.
    private func restrictProperties(
        of keywords: inout SchemaKeywords, by other: SchemaKeywords
    ) throws(GrammarError) {
        guard let rest = other["additionalProperties"]?.value, rest != .boolean(true) else { return }
        let allowed = try other.properties("properties") ?? []
        guard let mine = try keywords.properties("properties") else { return }
        var kept: [OrderedJSON.Property] = []
        for property in mine {
            if allowed.contains(where: { $0.name == property.name }) {
                kept.append(property)
            } else if rest != .boolean(false) {
                kept.append(.init(property.name, .object([.init("allOf", .array([property.value, rest]))])))
            }
        }
        keywords["properties"]!.value = .object(kept)
    }
}
