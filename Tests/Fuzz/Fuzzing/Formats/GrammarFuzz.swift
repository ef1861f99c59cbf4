import Grammar

/// Grammars and JSON Schemas of clients: compiled, and a text that the masks lead to. Inputs that begin with `{` are schemas.
package struct GrammarFuzz: FuzzFormat {
    package static let name = "grammars"
    package static let cost = 8

    private let vocabulary: TokenVocabulary
    /// Less than the API allows, so that an input does not take seconds; the same code counts.
    private let limits: GrammarLimits

    package init() {
        var tokens: [[UInt8]] = (0...255).map { [UInt8($0)] }
        for text in [
            "\": ", "\",", "{\"", "\"}", "]]", "true", "null", "ab", "é", "日本", "12", "0.", "\\n", "\"\"", "{}", "\n  ",
        ] {
            tokens.append(Array(text.utf8))
        }
        tokens += [[0xe6, 0x97], []]
        vocabulary = TokenVocabulary(tokens, endTokens: [UInt32(tokens.count - 1)])
        var limits = GrammarLimits()
        limits.states = 1 << 14
        limits.schemas = 1 << 10
        limits.stacks = 1 << 9
        limits.maskSteps = 1 << 18
        self.limits = limits
    }

    package let corpus: [[UInt8]] = [
        "root ::= \"a\"* b{2,3} | [^a-c\\]é]+ . # rest\nb ::= (\"x\" |\n \"\\u00e9\")? root",
        "root ::= object\nvalue ::= object | \"[\" (value (\",\" value)*)? \"]\" | string | \"null\"\nobject ::= \"{\" (string \":\" value)* \"}\"\nstring ::= \"\\\"\" [^\"\\\\]* \"\\\"\"",
        #"{"type":"object","properties":{"a":{"type":"string","minLength":1,"maxLength":9},"b":{"type":["integer","null"],"minimum":-3,"maximum":120}},"required":["b"],"additionalProperties":{"type":"number","exclusiveMinimum":0.5}}"#,
        ##"{"$defs":{"n":{"anyOf":[{"type":"null"},{"type":"array","items":{"$ref":"#/$defs/n"},"maxItems":3}]}},"allOf":[{"$ref":"#/$defs/n"},{"type":"array"}]}"##,
        #"{"oneOf":[{"const":{"k":[1,"x\n"]}},{"enum":["a","ab",1]}],"nullable":true}"#,
        #"{"type":"array","prefixItems":[{"type":"string","pattern":"^[a-c]+(\\d{2}|x)?$"},{"format":"date-time"}],"items":false,"minItems":1}"#,
    ].map { Array($0.utf8) }

    package let words: [[UInt8]] = [
        "root", " ::= ", "\"", "[^", "]", "(", ")", "{1,", "}", "*", "+", "?", "|", ".", "\\x41", "\n", "#",
        "\"type\":", "\"properties\":{",
        "\"required\":[", "\"items\":", "\"prefixItems\":[", "\"anyOf\":[", "\"oneOf\":[", "\"allOf\":[",
        "\"$ref\":\"#\"", "\"enum\":[", "\"const\":",
        "\"pattern\":\"", "\"format\":\"uri\"", "\"minLength\":", "\"maxLength\":", "\"minItems\":", "\"maximum\":",
        "\"exclusiveMinimum\":",
        "\"additionalProperties\":", "\"nullable\":true", "\"object\"", "\"string\"", "\"integer\"", "\"number\"",
        "\"array\"", "{}", "true", "65536",
        "1e300", "-0.5", "99999999999999999999",
    ].map { Array($0.utf8) }

    package var extremes: [[UInt8]] {
        let many = 1 << 15
        return [
            "root ::= " + String(repeating: "(", count: many),
            "root ::= " + String(repeating: "a? ", count: many) + "\na ::= \"x\"?",
            "root ::= " + String(repeating: "\"a\" | ", count: many) + "\"b\"",
            "root ::= \"a\"" + String(repeating: "{2,9}", count: 60),
            "root ::= r0\n" + (0..<3000).map { "r\($0) ::= r\($0 + 1) \"x\" | r\($0 + 1) \"y\"\n" }.joined()
                + "r3000 ::= \"a\"",
            #"{"type":"string","maxLength":65536}"#, #"{"items":"#.repeated(60) + "{}" + "}".repeated(60),
            #"{"anyOf":[{},"#.repeated(60) + "{}" + "]}".repeated(60),
            #"{"allOf":[{"type":"object","properties":{"a":"#.repeated(30) + "{}" + "}}]}".repeated(30),
            ##"{"anyOf":[{"allOf":[{"$ref":"#"},{"$ref":"#"}]},{"allOf":[{"$ref":"#"}]}]}"##,
            #"{"enum":["# + (0..<9000).map { "\"\($0)\"" }.joined(separator: ",") + "]}",
            #"{"properties":{"# + (0..<3000).map { "\"p\($0)\":{}" }.joined(separator: ",") + "}}",
            #"{"type":"string","pattern":"((a{9}){9}){9}"}"#,
            #"{"type":"string","pattern":"(a|b|ab)*c(a|b|ab)*d(a|b|ab)*"}"#,
        ].map { Array($0.utf8) }
    }

    package func generate(_ random: inout FuzzRandom) -> [UInt8]? {
        if random.oneIn(2) { return Array(schema(4, &random).utf8) }
        let rules = ["a", "b", "c"].map { "\($0) ::= \(expression(3, &random))\n" }
        return Array(("root ::= \(expression(3, &random))\n" + rules.joined()).utf8)
    }

    private func expression(_ depth: Int, _ random: inout FuzzRandom) -> String {
        switch random.below(depth == 0 ? 4 : 9) {
        case 0: return "\"\(random.pick(["a", "b", "", "\\n", "é", "ab\\x41", "\\u65e5"]))\""
        case 1: return "[\(random.oneIn(3) ? "^" : "")\(random.pick(["a-z", "é日", "\\]-_", "a", "0-9\\n", ""]))]"
        case 2: return random.pick([".", "a", "b", "c", "root"])
        case 3: return "\"x\" " + random.pick(["a", "b", "c", "root"])
        case 4: return "(" + expression(depth - 1, &random) + " | " + expression(depth - 1, &random) + ")"
        case 5, 6: return expression(depth - 1, &random) + " " + expression(depth - 1, &random)
        case 7:
            let times = random.pick(["*", "+", "?", "{2}", "{1,}", "{0,3}", "{900}"])
            return "(" + expression(depth - 1, &random) + ")" + times
        default: return "(" + expression(depth - 1, &random) + ")"
        }
    }

    private func schema(_ depth: Int, _ random: inout FuzzRandom) -> String {
        let number = random.pick(["0", "1", "-3", "2.5", "120", "1e2", "-0.125", "7"])
        guard depth > 0, random.oneIn(2) else { return simpleSchema(number, &random) }
        let parts = (0..<3).map { _ in schema(depth - 1, &random) }
        switch random.below(6) {
        case 0: return #"{"anyOf":[\#(parts[0]),\#(parts[1])]}"#
        case 1: return #"{"oneOf":[\#(parts[0]),\#(parts[1])],"nullable":true}"#
        case 2: return #"{"allOf":[\#(parts[0]),\#(parts[1])]}"#
        case 3: return #"{"items":\#(parts[0]),"minItems":\#(random.below(3)),"maxItems":\#(random.below(5))}"#
        case 4: return #"{"type":"array","prefixItems":[\#(parts[0]),\#(parts[1])],"items":\#(parts[2])}"#
        default:
            let rest = random.pick(["true", "false", parts[2]])
            let required = random.pick(["a", "ab", "z"])
            return
                #"{"properties":{"a":\#(parts[0]),"ab":\#(parts[1])},"required":["\#(required)"],"additionalProperties":\#(rest)}"#
        }
    }

    private func simpleSchema(_ number: String, _ random: inout FuzzRandom) -> String {
        let type = random.pick(["string", "integer", "number", "boolean", "null", "object", "array"])
        switch random.below(7) {
        case 0: return #"{"type":"\#(type)"}"#
        case 1: return #"{"type":"string","minLength":\#(random.below(4)),"maxLength":\#(random.below(70))}"#
        case 2:
            let name = random.pick(["minimum", "exclusiveMinimum", "multipleOf", "exclusiveMaximum"])
            return #"{"type":"\#(type)","\#(name)":\#(number),"maximum":\#(random.below(999))}"#
        case 3: return #"{"enum":["a","a\"b",\#(number),null,{"k":[]}]}"#
        case 4:
            let part = random.pick(["a", "[^a-c]", "\\\\d", "(x|y)", ".", "\\\\\\\"", "é"])
            let times = random.pick(["*", "+", "{2,3}", ""])
            return #"{"pattern":"\#(random.pick(["^", ""]))\#(part)\#(times)\#(part)\#(random.pick(["$", ""]))"}"#
        case 5:
            let format = random.pick(["date", "time", "date-time", "uuid", "email", "uri", "ipv4", "x"])
            return #"{"format":"\#(format)"}"#
        default: return random.pick([##"{"$ref":"#"}"##, "true", "false", "{}", #"{"const":[1,{"a":"é"}]}"#])
        }
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        do throws(GrammarError) {
            let grammar: Grammar
            if input.first == UInt8(ascii: "{") {
                grammar = try Grammar(schema: OrderedJSON(json: input), limits: limits)
            } else {
                grammar = try Grammar(gbnf: String(decoding: input, as: UTF8.self), limits: limits)
            }
            let compiled = try CompiledGrammar(grammar, limits: limits)
            precondition(compiled.stateCount <= limits.states, "\(compiled.stateCount) states")
            try walk(compiled)
            return .accepted
        } catch {
            precondition(!error.message.isEmpty, "an error without words")
            return .refused
        }
    }

    /// A text of the masks' choice; each token of a mask is taken.
    private func walk(_ grammar: CompiledGrammar) throws(GrammarError) {
        let tables = MaskTables(grammar, vocabulary)
        var matcher = GrammarMatcher(grammar)
        for step in 0..<12 {
            let tokens = try tables.mask(for: matcher).tokens
            precondition(!tokens.isEmpty, "a text that cannot go on, with every byte a token")
            let token = tokens[step * 7919 % tokens.count]
            if vocabulary.isEnd(token) {
                precondition(matcher.canEnd, "an end where the text may not end")
                return
            }
            let isTaken = try matcher.accept(vocabulary.bytes(of: token))
            precondition(isTaken, "the token \(token) is in the mask and is refused")
        }
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
