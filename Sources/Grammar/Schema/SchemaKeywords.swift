/// A schema that is an object: its keywords that count, each with where it stands.
struct SchemaKeywords {
    struct Entry {
        var value: OrderedJSON
        var pointer: String
    }

    private(set) var entries: [String: Entry] = [:]
    /// Where the schema itself stands.
    let pointer: String

    /// Those that are kept.
    static let kept: Set<String> = [
        "$ref", "type", "enum", "const", "anyOf", "oneOf", "allOf", "nullable", "properties", "required",
        "additionalProperties", "minProperties", "maxProperties", "items", "prefixItems", "additionalItems", "minItems",
        "maxItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum",
        "exclusiveMaximum",
    ]

    /// Those that change what is valid and are not kept: a schema with one is refused. All others say nothing of that.
    static let refused: Set<String> = [
        "not", "if", "then", "else", "dependentSchemas", "dependentRequired", "dependencies", "patternProperties",
        "propertyNames", "unevaluatedProperties", "unevaluatedItems", "contains", "minContains", "maxContains",
        "multipleOf",
        "uniqueItems", "$dynamicRef", "$recursiveRef",
    ]

    init(pointer: String) { self.pointer = pointer }

    /// - Throws: for a keyword that is not supported.
    init(_ properties: [OrderedJSON.Property], at pointer: String) throws(GrammarError) {
        self.pointer = pointer
        for property in properties {
            let place = pointer + "/" + Self.escaped(property.name)
            if Self.refused.contains(property.name) {
                // What it says when it is switched off, it says of everything.
                if property.name == "uniqueItems", property.value == .boolean(false) { continue }
                if property.name.hasPrefix("unevaluated"), property.value == .boolean(true) { continue }
                throw GrammarError(.unsupported, "\(property.name) is not supported", at: .pointer(place))
            }
            if Self.kept.contains(property.name) {
                entries[property.name] = Entry(value: property.value, pointer: place)
            }
        }
    }

    static func escaped(_ name: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": result += "~0"
            case "/": result += "~1"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    subscript(name: String) -> Entry? {
        get { entries[name] }
        set { entries[name] = newValue }
    }

    func place(_ name: String) -> GrammarError.Place { .pointer(entries[name]?.pointer ?? pointer) }

    /// A whole number that is not negative.
    func count(_ name: String) throws(GrammarError) -> Int? {
        guard let entry = entries[name] else { return nil }
        guard case .number(let text) = entry.value, let value = Decimal(text)?.integer, value >= 0 else {
            throw GrammarError(.syntax, "\(name) must be a whole number, 0 or more", at: .pointer(entry.pointer))
        }
        return value
    }

    func decimal(_ name: String) throws(GrammarError) -> Decimal? {
        guard let entry = entries[name] else { return nil }
        guard case .number(let text) = entry.value else {
            // Before 2019 these were truth values beside minimum and maximum.
            throw GrammarError(.syntax, "\(name) must be a number", at: .pointer(entry.pointer))
        }
        guard let value = Decimal(text), value.isWhole || value.whole.count + value.fraction.count <= 15 else {
            throw GrammarError(.unsupported, "\(name) has more than 15 digits", at: .pointer(entry.pointer))
        }
        return value
    }

    func text(_ name: String) throws(GrammarError) -> String? {
        guard let entry = entries[name] else { return nil }
        guard case .string(let text) = entry.value else {
            throw GrammarError(.syntax, "\(name) must be a string", at: .pointer(entry.pointer))
        }
        return text
    }

    func list(_ name: String) throws(GrammarError) -> [OrderedJSON]? {
        guard let entry = entries[name] else { return nil }
        guard case .array(let list) = entry.value else {
            throw GrammarError(.syntax, "\(name) must be a list", at: .pointer(entry.pointer))
        }
        return list
    }

    func properties(_ name: String) throws(GrammarError) -> [OrderedJSON.Property]? {
        guard let entry = entries[name] else { return nil }
        guard case .object(let list) = entry.value else {
            throw GrammarError(.syntax, "\(name) must be an object", at: .pointer(entry.pointer))
        }
        return list
    }

    func names(_ name: String) throws(GrammarError) -> [String]? {
        guard let list = try list(name) else { return nil }
        var names: [String] = []
        for element in list {
            guard case .string(let text) = element else {
                throw GrammarError(.syntax, "\(name) must be a list of strings", at: place(name))
            }
            names.append(text)
        }
        return names
    }

    /// The types that are named or follow from other keywords; nil for any.
    func types() throws(GrammarError) -> Set<JSONType>? {
        if let entry = entries["type"] {
            let names: [OrderedJSON] = if case .array(let list) = entry.value { list } else { [entry.value] }
            var types: Set<JSONType> = []
            for name in names {
                guard case .string(let text) = name, let type = JSONType(rawValue: text) else {
                    throw GrammarError(
                        .syntax, "type must be one or some of string, number, integer, boolean, null, object and array",
                        at: .pointer(entry.pointer))
                }
                types.insert(type)
            }
            if entries["nullable"]?.value == .boolean(true) { types.insert(.null) }
            return types
        }
        var types: Set<JSONType> = []
        for (name, type) in JSONType.ofKeywords where entries[name] != nil { types.insert(type) }
        if !types.isEmpty, entries["nullable"]?.value == .boolean(true) { types.insert(.null) }
        return types.isEmpty ? nil : types
    }
}

/// The types of values that schemas name.
enum JSONType: String, Sendable, Hashable, CaseIterable {
    case object, array, string, number, integer, boolean, null

    /// Keywords by which a schema without a type is taken to be of one.
    static let ofKeywords: [(String, JSONType)] = [
        ("properties", .object), ("required", .object), ("additionalProperties", .object), ("minProperties", .object),
        ("maxProperties", .object), ("items", .array), ("prefixItems", .array), ("minItems", .array),
        ("maxItems", .array),
        ("minLength", .string), ("maxLength", .string), ("pattern", .string), ("format", .string), ("minimum", .number),
        ("maximum", .number), ("exclusiveMinimum", .number), ("exclusiveMaximum", .number),
    ]

    static func of(_ value: OrderedJSON) -> JSONType {
        switch value {
        case .null: .null
        case .boolean: .boolean
        case .number(let text): Decimal(text)?.isWhole == true ? .integer : .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }
}

extension Set<JSONType> {
    /// Whether values of a type are meant.
    func allows(_ type: JSONType) -> Bool { contains(type) || type == .integer && contains(.number) }
}
