import Grammar
import Testing

/// Random schemas, and random texts that their masks lead to.
struct WalkTests {
    /// A random schema, as a value.
    private static func schema(_ dice: inout Dice, depth: Int) -> OrderedJSON {
        func number(_ value: Int) -> OrderedJSON { .number("\(value)") }
        switch dice.below(depth == 0 ? 6 : 9) {
        case 0: return .object([.init("type", .string("boolean"))])
        case 1:
            let least = dice.below(200) - 100
            return .object([
                .init("type", .string("integer")), .init("minimum", number(least)),
                .init("maximum", number(least + dice.below(300))),
            ])
        case 2:
            let least = dice.below(4)
            return .object([
                .init("type", .string("string")), .init("minLength", number(least)),
                .init("maxLength", number(least + dice.below(4))),
            ])
        case 3:
            return .object([.init("enum", .array([.string("a\"b"), number(dice.below(99)), .null, .string("ab")]))])
        case 4: return .object([.init("type", .array([.string("null"), .string("number")]))])
        case 5:
            return .object([
                .init("type", .string("number")),
                .init("exclusiveMinimum", .number("-\(dice.below(20)).\(dice.below(100))")),
                .init("maximum", .number("\(dice.below(20)).\(dice.below(100))")),
            ])
        case 6:
            return .object([.init("anyOf", .array((0...dice.below(2)).map { _ in schema(&dice, depth: depth - 1) }))])
        case 7:
            let least = dice.below(3)
            return .object([
                .init("type", .string("array")), .init("items", schema(&dice, depth: depth - 1)),
                .init("minItems", number(least)),
                .init("maxItems", number(least + dice.below(3))),
            ])
        default:
            let names = ["a", "ab", "x\"y", "é", "long name"].prefix(1 + dice.below(5))
            var properties: [OrderedJSON.Property] = []
            for name in names { properties.append(.init(name, schema(&dice, depth: depth - 1))) }
            var fields: [OrderedJSON.Property] = [
                .init("type", .string("object")), .init("properties", .object(properties)),
                .init("required", .array(names.filter { _ in dice.below(2) == 0 }.map { .string($0) })),
            ]
            if dice.below(2) == 0 {
                fields.append(
                    .init("additionalProperties", dice.below(2) == 0 ? .boolean(false) : schema(&dice, depth: 0)))
            }
            return .object(fields)
        }
    }

    /// Whether a document satisfies a schema, slowly and straight from what the keywords mean.
    private static func isValid(_ value: OrderedJSON, _ schema: OrderedJSON) -> Bool {
        if case .boolean(let isAny) = schema { return isAny }
        func double(_ value: OrderedJSON?) -> Double? {
            if case .number(let text)? = value { Double(text) } else { nil }
        }
        if case .array(let alternatives)? = schema["anyOf"], !alternatives.contains(where: { isValid(value, $0) }) {
            return false
        }
        if case .array(let values)? = schema["enum"], !values.contains(value) { return false }
        if let type = schema["type"] {
            let types: [OrderedJSON] = if case .array(let list) = type { list } else { [type] }
            let own: [String] =
                switch value {
                case .null: ["null"]
                case .boolean: ["boolean"]
                case .string: ["string"]
                case .array: ["array"]
                case .object: ["object"]
                case .number(let text): Double(text)!.rounded() == Double(text)! ? ["number", "integer"] : ["number"]
                }
            guard own.contains(where: { types.contains(.string($0)) }) else { return false }
        }
        switch value {
        case .number(let text):
            let number = Double(text)!
            if let least = double(schema["minimum"]), number < least { return false }
            if let most = double(schema["maximum"]), number > most { return false }
            if let least = double(schema["exclusiveMinimum"]), number <= least { return false }
        case .string(let text):
            let count = Double(text.unicodeScalars.count)
            if let least = double(schema["minLength"]), count < least { return false }
            if let most = double(schema["maxLength"]), count > most { return false }
        case .array(let elements):
            if let least = double(schema["minItems"]), Double(elements.count) < least { return false }
            if let most = double(schema["maxItems"]), Double(elements.count) > most { return false }
            if let items = schema["items"], !elements.allSatisfy({ isValid($0, items) }) { return false }
        case .object(let properties):
            if case .array(let required)? = schema["required"] {
                for case .string(let name) in required where value[name] == nil { return false }
            }
            for property in properties {
                if let own = schema["properties"]?[property.name] {
                    if !isValid(property.value, own) { return false }
                } else if let rest = schema["additionalProperties"], !isValid(property.value, rest) {
                    return false
                }
            }
        case .null, .boolean: break
        }
        return true
    }

    @Test(arguments: 1...200)
    func `texts that masks lead to are valid, and masks are what bytes are`(seed: Int) throws {
        var dice = Dice(seed: UInt64(seed))
        let schema = Self.schema(&dice, depth: 3)
        let grammar = try CompiledGrammar(Grammar(schema: schema))
        let tables = MaskTables(grammar, testVocabulary)
        var complete = 0
        for round in 0..<6 {
            var matcher = GrammarMatcher(grammar)
            var text: [UInt8] = []
            for step in 0..<600 {
                if round < 2, step < 40 { try expectMask(of: tables, for: matcher) }
                let tokens = try tables.mask(for: matcher).tokens
                try #require(!tokens.isEmpty, "no way on after \(String(decoding: text, as: UTF8.self))")
                var token = dice.pick(tokens)
                // After a while, towards the end.
                if step > 60 {
                    let closing = tokens.filter {
                        testVocabulary.isEnd($0) || [0x22, 0x5d, 0x7d].contains(testVocabulary.bytes(of: $0).first!)
                    }
                    if !closing.isEmpty { token = dice.pick(closing) }
                }
                if testVocabulary.isEnd(token) || matcher.isOver {
                    complete += 1
                    let document = try OrderedJSON(json: text)
                    #expect(Self.isValid(document, schema), "\(String(decoding: text, as: UTF8.self)), seed \(seed)")
                    break
                }
                try #require(try matcher.accept(testVocabulary.bytes(of: token)))
                text += testVocabulary.bytes(of: token)
            }
        }
        #expect(complete > 0)
    }

    /// A random document of a schema, its properties in order.
    private static func document(_ schema: OrderedJSON, _ dice: inout Dice) -> OrderedJSON {
        func whole(_ name: String) -> Int? { if case .number(let text)? = schema[name] { Int(text) } else { nil } }
        if case .array(let alternatives)? = schema["anyOf"] { return document(dice.pick(alternatives), &dice) }
        if case .array(let values)? = schema["enum"] { return dice.pick(values) }
        switch schema["type"] {
        case .string("boolean"): return .boolean(dice.below(2) == 0)
        case .string("integer"):
            return .number("\(whole("minimum")! + dice.below(whole("maximum")! - whole("minimum")! + 1))")
        case .string("string"):
            let count = whole("minLength")! + dice.below(whole("maxLength")! - whole("minLength")! + 1)
            return .string((0..<count).map { _ in dice.pick(["a", "\"", "\\", "é", "\n", "\u{1F600}"]) }.joined())
        case .string("number"): return schema["maximum"]!
        case .string("array"):
            let count = whole("minItems")! + dice.below(whole("maxItems")! - whole("minItems")! + 1)
            return .array((0..<count).map { _ in document(schema["items"]!, &dice) })
        case .string("object"):
            guard case .object(let properties)? = schema["properties"], case .array(let required)? = schema["required"]
            else { return .null }
            return .object(
                properties.compactMap { property in
                    guard required.contains(.string(property.name)) || dice.below(2) == 0 else { return nil }
                    return .init(property.name, document(property.value, &dice))
                })
        default: return dice.pick([.null, .number("12.5"), .number("-3e2")])
        }
    }

    @Test(arguments: 1...200)
    func `documents that are valid are taken`(seed: Int) throws {
        var dice = Dice(seed: UInt64(seed) + 1000)
        let schema = Self.schema(&dice, depth: 3)
        let grammar = try CompiledGrammar(Grammar(schema: schema))
        for _ in 0..<10 {
            let document = Self.document(schema, &dice)
            #expect(Self.isValid(document, schema))
            let text = String(decoding: document.compact, as: UTF8.self)
            #expect(try grammar.takes(text), "\(text), seed \(seed)")
        }
    }
}
