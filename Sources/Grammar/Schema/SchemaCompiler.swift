/// Turns a JSON Schema (draft 2020-12, as clients of OpenAI and llama.cpp send it) into a grammar of documents that it allows.
///
/// Not all valid documents are in it, and all that are in it are valid: properties come in the order in which they are written; a property that is
/// not named comes only where `additionalProperties` says so, or no property is named at all; white space between tokens is none, one space, or a
/// line's end with up to 32 spaces or 8 tabs, and none before commas and colons or around the document; numbers have at most 16 digits before and behind
/// the point. Keywords that change what is valid and are not supported are refused by name.
struct SchemaCompiler {
    let document: OrderedJSON
    let limits: GrammarLimits
    var rules: [Grammar.Rule] = []
    /// The rules of what `$ref` names, and of any value.
    var references: [String: Int] = [:]
    var schemasLeft: Int

    init(_ document: OrderedJSON, limits: GrammarLimits) {
        self.document = document
        self.limits = limits
        schemasLeft = limits.schemas
    }

    mutating func compile() throws(GrammarError) -> Grammar {
        let root = try rule(for: "")
        return Grammar(rules: rules, root: root)
    }

    // MARK: Rules

    mutating func addRule(_ name: String, _ body: Expression) -> Int {
        rules.append(.init(name: name, body: body))
        return rules.count - 1
    }

    /// The rule of the schema at a place in the document; it may be asked for while it is being made.
    mutating func rule(for pointer: String) throws(GrammarError) -> Int {
        if let known = references["#" + pointer] { return known }
        guard let target = document.value(at: pointer) else {
            throw GrammarError(.contradiction, "$ref names #\(pointer), which is not there", at: .pointer(pointer))
        }
        let number = addRule(pointer.isEmpty ? "the schema" : "the schema at \(pointer)", .never)
        references["#" + pointer] = number
        rules[number].body = try schema(target, at: pointer, depth: 0)
        return number
    }

    private mutating func shared(_ name: String, _ make: (inout SchemaCompiler) -> Expression) -> Expression {
        if let known = references[name] { return .rule(known) }
        let number = addRule(name, .never)
        references[name] = number
        rules[number].body = make(&self)
        return .rule(number)
    }

    /// White space between tokens, of which there is a bounded amount.
    var space: Expression {
        mutating get {
            shared("white space") { _ in
                let line = Expression.choice([
                    .repetition(.text(" "), least: 0, most: 32), .repetition(.text("\t"), least: 1, most: 8),
                ])
                return .choice([.empty, .text(" "), .sequence([.text("\n"), line])])
            }
        }
    }

    /// Any value.
    var anyValue: Expression {
        mutating get {
            shared("any value") { compiler in
                .choice([
                    .text("null"), .text("true"), .text("false"), NumberRules.number, .string(least: 0, most: nil),
                    compiler.anyObject, compiler.anyArray,
                ])
            }
        }
    }

    var anyObject: Expression {
        mutating get {
            shared("any object") { compiler in
                let member = Expression.sequence([
                    .string(least: 0, most: nil), .text(":"), .optional(.text(" ")), compiler.anyValue,
                ])
                return compiler.list("{", member, "}", least: 0, most: nil)
            }
        }
    }

    var anyArray: Expression {
        mutating get {
            shared("any array") { compiler in compiler.list("[", compiler.anyValue, "]", least: 0, most: nil) }
        }
    }

    /// What stands between brackets, with commas.
    mutating func list(_ open: String, _ item: Expression, _ close: String, least: Int, most: Int?) -> Expression {
        let space = space
        var choices: [Expression] = []
        if least == 0 { choices.append(.text(open + close)) }
        if most ?? 1 > 0 {
            let rest = Expression.repetition(
                .sequence([.text(","), space, item]), least: max(0, least - 1), most: most.map { $0 - 1 })
            choices.append(.sequence([.text(open), space, item, rest, space, .text(close)]))
        }
        return .choice(choices)
    }

    // MARK: Schemas

    /// - Parameter depth: schemas that this one is in.
    mutating func schema(_ schema: OrderedJSON, at pointer: String, depth: Int) throws(GrammarError) -> Expression {
        switch schema {
        case .boolean(let isAny): return isAny ? anyValue : .never
        case .object(let properties):
            return try compile(try SchemaKeywords(properties, at: pointer), depth: depth)
        default: throw GrammarError(.syntax, "a schema must be an object, true or false", at: .pointer(pointer))
        }
    }

    mutating func count(_ pointer: String, depth: Int) throws(GrammarError) {
        schemasLeft -= 1
        guard schemasLeft >= 0 else {
            throw GrammarError(
                .tooLarge, "with its references and alternatives the schema has more than \(limits.schemas) parts",
                at: .pointer(pointer))
        }
        guard depth <= limits.depth else {
            throw GrammarError(
                .tooLarge, "schemas nest, or refer to each other, more than \(limits.depth) levels deep",
                at: .pointer(pointer))
        }
    }

    mutating func compile(_ keywords: SchemaKeywords, depth: Int) throws(GrammarError) -> Expression {
        try count(keywords.pointer, depth: depth)
        if keywords["$ref"] != nil, keywords.entries.count == 1 {
            return .rule(try rule(for: try target(of: keywords)))
        }
        guard let keywords = try merged(keywords, depth: depth) else { return .never }
        if let choice = ["anyOf", "oneOf"].first(where: { keywords[$0] != nil }) {
            return try compileChoice(choice, keywords, depth: depth)
        }
        if keywords["enum"] != nil || keywords["const"] != nil { return try compileValues(keywords) }
        guard let types = try keywords.types() else { return anyValue }
        var choices: [Expression] = []
        for type in JSONType.allCases where types.contains(type) {
            switch type {
            case .null: choices.append(.text("null"))
            case .boolean: choices.append(.choice([.text("true"), .text("false")]))
            case .integer where types.contains(.number): break
            case .integer, .number: choices.append(try number(keywords, isInteger: type == .integer))
            case .string: choices.append(try string(keywords))
            case .array: choices.append(try array(keywords, depth: depth))
            case .object: choices.append(try object(keywords, depth: depth))
            }
        }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    /// Where `$ref` points to.
    func target(of keywords: SchemaKeywords) throws(GrammarError) -> String {
        guard let reference = try keywords.text("$ref") else { return "" }
        guard reference == "#" || reference.hasPrefix("#/") else {
            throw GrammarError(
                .unsupported, "$ref is \"\(reference)\"; references within the schema, #/…, are supported",
                at: keywords.place("$ref"))
        }
        let pointer = String(reference.dropFirst())
        guard document.value(at: pointer) != nil else {
            throw GrammarError(
                .contradiction, "$ref names \(reference), which is not there", at: keywords.place("$ref"))
        }
        return pointer
    }

    /// The values that are named, as far as their type is right.
    private func compileValues(_ keywords: SchemaKeywords) throws(GrammarError) -> Expression {
        for name in keywords.entries.keys.sorted()
        where !["enum", "const", "type", "nullable", "format"].contains(name) {
            throw GrammarError(.unsupported, "\(name) beside enum or const is not supported", at: keywords.place(name))
        }
        var values = try keywords.list("enum")
        if let constant = keywords["const"]?.value {
            values = values.map { $0.contains(constant) ? [constant] : [] } ?? [constant]
        }
        let types: Set<JSONType>? = keywords["type"] == nil ? nil : try keywords.types()
        var allowed = (values ?? []).filter { value in types?.allows(JSONType.of(value)) ?? true }
        if keywords["nullable"]?.value == .boolean(true), !allowed.contains(.null) { allowed.append(.null) }
        return .choice(allowed.map { .bytes($0.compact) })
    }

    private mutating func number(_ keywords: SchemaKeywords, isInteger: Bool) throws(GrammarError) -> Expression {
        var bounds: [NumberBound?] = []
        for (inclusive, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
            bounds.append(
                .stricter(
                    try keywords.decimal(inclusive).map { NumberBound(value: $0, isExclusive: false) },
                    try keywords.decimal(exclusive).map { NumberBound(value: $0, isExclusive: true) },
                    isLower: inclusive == "minimum"))
        }
        guard bounds[0] != nil || bounds[1] != nil else { return isInteger ? NumberRules.integer : NumberRules.number }
        var made: [Grammar.Rule] = []
        let first = rules.count
        // Rules are gathered, as what adds them cannot change the compiler meanwhile.
        let gathered = RuleGatherer()
        let result = NumberRules { gathered.add($0, first: first) }.bounded(bounds[0], bounds[1], isInteger: isInteger)
        made = gathered.rules
        rules += made
        return result
    }

    private mutating func string(_ keywords: SchemaKeywords) throws(GrammarError) -> Expression {
        let least = try keywords.count("minLength") ?? 0
        let most = try keywords.count("maxLength")
        if let most, most < least { return .never }
        guard max(least, most ?? 0) <= limits.repetitions else {
            let name = most.map { $0 > limits.repetitions } ?? false ? "maxLength" : "minLength"
            throw GrammarError(
                .tooLarge, "\(name) is \(max(least, most ?? 0)); up to \(limits.repetitions) is supported",
                at: keywords.place(name))
        }
        let format = try keywords.text("format")
        if let format, StringFormat.unsupported.contains(format) {
            throw GrammarError(.unsupported, "the format \(format) is not supported", at: keywords.place("format"))
        }
        let ofFormat = format.flatMap(StringFormat.pattern)
        let pattern = try keywords.text("pattern")
        guard let text = pattern ?? ofFormat else { return .string(least: least, most: most) }
        guard pattern == nil || ofFormat == nil else {
            throw GrammarError(.unsupported, "pattern beside format is not supported", at: keywords.place("pattern"))
        }
        let place = keywords[pattern == nil ? "format" : "pattern"]!.pointer
        let body = try PatternReader.read(text, at: place, limits: limits)
        if keywords["minLength"] != nil || keywords["maxLength"] != nil {
            let lengths = body.characterCounts
            let keeps = lengths.map { $0.least >= least && ($0.most ?? .max) <= most ?? .max } ?? false
            guard keeps else {
                throw GrammarError(
                    .unsupported,
                    "minLength and maxLength beside pattern or format are supported where these have no texts of other lengths",
                    at: keywords.place(keywords["maxLength"] == nil ? "minLength" : "maxLength"))
            }
        }
        return .sequence([.text("\""), body, .text("\"")])
    }
}

/// Rules that are made while the compiler makes others.
private final class RuleGatherer {
    private(set) var rules: [Grammar.Rule] = []

    func add(_ body: Expression, first: Int) -> Int {
        rules.append(.init(name: "a number's digits", body: body))
        return first + rules.count - 1
    }
}

extension Grammar {
    /// The documents that a JSON Schema allows.
    /// - Throws: `GrammarError` with the JSON pointer of what is not supported.
    package init(schema: OrderedJSON, limits: GrammarLimits = GrammarLimits()) throws(GrammarError) {
        let size = schema.compact.count
        guard size <= limits.sourceBytes else {
            throw GrammarError(
                .tooLarge, "the schema has \(size) bytes; at most \(limits.sourceBytes) are taken", at: .pointer(""))
        }
        var compiler = SchemaCompiler(schema, limits: limits)
        self = try compiler.compile()
    }

    /// Any JSON object.
    package static var anyObject: Grammar {
        var compiler = SchemaCompiler(.boolean(true), limits: GrammarLimits())
        guard case .rule(let root) = compiler.anyObject else { preconditionFailure("a shared expression is a rule") }
        return Grammar(rules: compiler.rules, root: root)
    }
}
