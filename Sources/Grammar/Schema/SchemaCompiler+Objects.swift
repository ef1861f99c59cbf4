extension SchemaCompiler {
    /// An object: its properties in order, then others where these are allowed.
    mutating func object(_ keywords: SchemaKeywords, depth: Int) throws(GrammarError) -> Expression {
        let properties = try keywords.properties("properties") ?? []
        let required = try keywords.names("required") ?? []
        let place = keywords["properties"]?.pointer ?? keywords.pointer
        var members: [(body: Expression, isRequired: Bool)] = []
        var names: [[UInt8]] = []
        for property in properties {
            let value = try schema(
                property.value, at: place + "/" + SchemaKeywords.escaped(property.name), depth: depth + 1)
            let name = Array(property.name.utf8)
            guard !names.contains(name) else {
                throw GrammarError(.contradiction, "the property \(property.name) is there twice", at: .pointer(place))
            }
            names.append(name)
            members.append((member(.bytes(JSONText.literal(property.name)), value), required.contains(property.name)))
        }
        var others = try otherValues(keywords, hasProperties: !properties.isEmpty, depth: depth)
        for name in required where !names.contains(Array(name.utf8)) {
            guard let others, properties.isEmpty || keywords["additionalProperties"] != nil else {
                throw GrammarError(
                    .contradiction,
                    "required names \(name), which is no property and which additionalProperties does not allow",
                    at: keywords.place("required"))
            }
            names.append(Array(name.utf8))
            members.append((member(.bytes(JSONText.literal(name)), others), true))
        }
        let least = try keywords.count("minProperties") ?? 0
        var mostOthers: Int?
        if let most = try keywords.count("maxProperties") {
            guard most >= members.count else {
                throw GrammarError(
                    .unsupported, "maxProperties below the number of properties is not supported",
                    at: keywords.place("maxProperties"))
            }
            mostOthers = most - members.count
            if mostOthers == 0 { others = nil }
        }
        let requiredCount = members.count { $0.isRequired }
        if least > requiredCount {
            // Names that come twice count once, so that others cannot make it up, unless one is enough.
            guard least == 1, members.isEmpty, others != nil else {
                throw GrammarError(
                    .unsupported, "minProperties above the number of required properties is not supported",
                    at: keywords.place("minProperties"))
            }
        }
        let other = others.map { member(key(except: names), $0) }
        if members.isEmpty {
            guard let other else { return .text("{}") }
            return list("{", other, "}", least: least, most: mostOthers)
        }
        return chain(members, other: other, mostOthers: mostOthers)
    }

    private func member(_ key: Expression, _ value: Expression) -> Expression {
        .sequence([key, .text(":"), .optional(.text(" ")), value])
    }

    /// What properties have that are not named; nil where there are none.
    private mutating func otherValues(
        _ keywords: SchemaKeywords, hasProperties: Bool, depth: Int
    ) throws(GrammarError) -> Expression? {
        guard let entry = keywords["additionalProperties"] else { return hasProperties ? nil : anyValue }
        if entry.value == .boolean(false) { return nil }
        return try schema(entry.value, at: entry.pointer, depth: depth + 1)
    }

    /// Two rules for each property: `next`, it or one behind it must come, and `rest`, any may come after a comma. So each is
    /// there once, however many may be left out.
    private mutating func chain(
        _ members: [(body: Expression, isRequired: Bool)], other: Expression?, mostOthers: Int?
    ) -> Expression {
        let space = space
        let close = Expression.sequence([space, .text("}")])
        let comma = Expression.sequence([.text(","), space])
        var next = Expression.never
        var rest = close
        if let other {
            let more = Expression.repetition(
                .sequence([comma, other]), least: 0, most: mostOthers.map { $0 - 1 })
            next = .rule(addRule("other properties", .sequence([other, more, close])))
            rest = .rule(addRule("other properties", .choice([close, .sequence([comma, next])])))
        }
        var mayBeEmpty = true
        for (body, isRequired) in members.reversed() {
            let here = Expression.sequence([body, rest])
            next = .rule(addRule("properties", isRequired ? here : .choice([here, next])))
            if isRequired { mayBeEmpty = false }
            let more = Expression.sequence([comma, next])
            rest = .rule(addRule("properties", mayBeEmpty ? .choice([close, more]) : more))
        }
        let whole = Expression.sequence([.text("{"), space, next])
        return mayBeEmpty ? .choice([.text("{}"), whole]) : whole
    }

    /// A property's name that is none of these, without escapes.
    private mutating func key(except names: [[UInt8]]) -> Expression {
        let texts = names.compactMap { String(validating: $0, as: UTF8.self) }.map {
            Array($0.unicodeScalars.map(\.value))
        }
        guard !texts.isEmpty else { return .string(least: 0, most: nil) }
        return .sequence([.text("\""), rest(of: texts, depth: 0)])
    }

    /// What may follow the first `depth` characters that all of these begin with, with the closing quote.
    private mutating func rest(of texts: [[UInt32]], depth: Int) -> Expression {
        let free = Expression.sequence([.repetition(.characters(JSONText.plain), least: 0, most: nil), .text("\"")])
        var choices: [Expression] = []
        if !texts.contains(where: { $0.count == depth }) { choices.append(.text("\"")) }
        var taken = ScalarSet()
        let longer = Dictionary(grouping: texts.filter { $0.count > depth }) { $0[depth] }
        for (scalar, group) in longer.sorted(by: { $0.key < $1.key }) {
            let set = ScalarSet([scalar...scalar])
            taken = taken.union(set)
            // A character that is written as an escape is in no other name.
            guard !set.intersection(JSONText.plain).isEmpty else { continue }
            let rest = Expression.rule(addRule("other properties' names", rest(of: group, depth: depth + 1)))
            choices.append(.sequence([.characters(set), rest]))
        }
        choices.append(.sequence([.characters(JSONText.plain.subtracting(taken)), free]))
        return .choice(choices)
    }
}
