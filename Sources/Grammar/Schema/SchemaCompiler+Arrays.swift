extension SchemaCompiler {
    /// An array: the elements that have a place, then all others.
    mutating func array(_ keywords: SchemaKeywords, depth: Int) throws(GrammarError) -> Expression {
        let least = try keywords.count("minItems") ?? 0
        let most = try keywords.count("maxItems")
        if let most, most < least { return .never }
        guard max(least, most ?? 0) <= limits.repetitions else {
            let name = most.map { $0 > limits.repetitions } ?? false ? "maxItems" : "minItems"
            throw GrammarError(
                .tooLarge, "\(name) is \(max(least, most ?? 0)); up to \(limits.repetitions) is supported",
                at: keywords.place(name))
        }
        var places: [Expression] = []
        var (rest, restPlace) = (keywords["items"]?.value, keywords["items"]?.pointer ?? "")
        var placed = (try keywords.list("prefixItems"), keywords["prefixItems"]?.pointer ?? "")
        // Before 2020 a list of items was what prefixItems is now.
        if placed.0 == nil, case .array(let list)? = rest {
            placed = (list, restPlace)
            (rest, restPlace) = (keywords["additionalItems"]?.value, keywords["additionalItems"]?.pointer ?? "")
        }
        for (index, element) in (placed.0 ?? []).enumerated() {
            places.append(try schema(element, at: "\(placed.1)/\(index)", depth: depth + 1))
        }
        var item: Expression?
        if let rest {
            if rest != .boolean(false) { item = try schema(rest, at: restPlace, depth: depth + 1) }
        } else if places.isEmpty || least > places.count {
            item = anyValue
        }
        if places.isEmpty {
            guard let item, item != .never else { return least == 0 ? .text("[]") : .never }
            return list("[", item, "]", least: least, most: most)
        }
        return chain(places, item, least: least, most: most)
    }

    /// From the last place to the first: what may follow each.
    private mutating func chain(_ places: [Expression], _ item: Expression?, least: Int, most: Int?) -> Expression {
        let space = space
        let close = Expression.sequence([space, .text("]")])
        let comma = Expression.sequence([.text(","), space])
        let places = most.map { Array(places.prefix($0)) } ?? places
        let mostOthers = most.map { $0 - places.count }
        var rest: Expression
        if let item, mostOthers ?? 1 > 0 {
            rest = .sequence([
                .repetition(.sequence([comma, item]), least: max(0, least - places.count), most: mostOthers), close,
            ])
        } else {
            rest = least <= places.count ? close : .never
        }
        for (index, place) in places.enumerated().reversed() {
            let here = Expression.sequence([index == 0 ? space : comma, place, rest])
            let begin: Expression = index == 0 ? .text("[]") : close
            let body: Expression = index == 0 ? .sequence([.text("["), here]) : here
            rest = .rule(addRule("elements", index >= least ? .choice([begin, body]) : body))
        }
        return places.isEmpty ? (least == 0 ? .text("[]") : .never) : rest
    }
}
