import Grammar
import Testing

struct SchemaTests {
    struct Known: Sendable, CustomStringConvertible {
        let schema: String
        let taken: [String]
        let refused: [String]

        init(_ schema: String, _ taken: [String], _ refused: [String]) {
            self.schema = schema
            self.taken = taken
            self.refused = refused
        }

        var description: String { schema }
    }

    private static let known: [Known] = [
        Known(
            #"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name"],"additionalProperties":false}"#,
            [
                #"{"name":"x","age":3}"#, #"{"name":""}"#,
                "{\n  \"name\": \"é\\n\\u00e9\\ud83d\\ude00\",\n  \"age\": -12\n}", #"{ "name":"x" }"#,
            ],
            [
                #"{}"#, #"{"age":3}"#, #"{"age":3,"name":"x"}"#, #"{"name":1}"#, #"{"name":"x","age":01}"#,
                #"{"name":"x","b":1}"#, #"{"name":"\ud83d"}"#,
                #"{"name":"x",}"#, "{  \"name\":\"x\"}", "{\"name\":\"a\nb\"}",
            ]
        ),
        Known(
            #"{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":2}"#, ["[true]", "[true, false]"],
            ["[]", "[true,true,true]", "[1]"]),
        Known(
            #"{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":{"type":"null"},"minItems":1,"maxItems":3}"#,
            ["[1]", #"[1,"a"]"#, #"[1,"a",null]"#], ["[]", #"["a"]"#, #"[1,"a",null,null]"#, "[1,null]"]
        ),
        Known(
            #"{"enum":["a","ab",1,null,{"k":[1,"\n"]}]}"#, [#""a""#, #""ab""#, "1", "null", #"{"k":[1,"\n"]}"#],
            [#""b""#, "2", "a"]),
        Known(#"{"const":"x\"y"}"#, [#""x\"y""#], [#""x""#]),
        Known(
            #"{"anyOf":[{"type":"string","maxLength":2},{"type":"null"}]}"#, [#""é日""#, #""\n\"""#, "null"],
            [#""abc""#, "1"]),
        Known(#"{"type":["integer","null"]}"#, ["1", "null", "-7", "0"], ["1.5", "-0", "00", #""1""#]),
        Known(
            #"{"type":"integer","minimum":3,"maximum":120}"#, ["3", "9", "10", "99", "100", "120"],
            ["2", "121", "0", "-3", "1000", "03"]),
        Known(
            #"{"type":"integer","exclusiveMinimum":-12,"exclusiveMaximum":2}"#, ["-11", "-1", "0", "1"],
            ["-12", "2", "-0", "-100"]),
        Known(
            #"{"type":"number","minimum":-0.5,"exclusiveMaximum":10.25}"#,
            ["-0.5", "0", "0.0", "10.2", "10.2499", "9.99", "-0.25", "10"],
            ["-0.51", "10.25", "11", "-1", "10.250", "100"]),
        Known(
            #"{"type":"number","minimum":99.95,"maximum":1.003e2}"#, ["99.95", "99.950", "100", "100.3", "100.30"],
            ["99.9", "100.31", "99", "101"]),
        Known(#"{"type":"number"}"#, ["0", "-1.5e-7", "12.25", "1E+10"], ["01", ".5", "1.", "+1", "1e"]),
        Known(
            #"{"type":"string","minLength":2,"maxLength":3}"#, [#""ab""#, #""é日本""#, #""\u0041\ud83d\ude00""#],
            [#""a""#, #""abcd""#]),
        Known(
            #"{"type":"string","pattern":"^[a-c]+\\d{2}(x|y z)?$"}"#, [#""ab12""#, #""c99y z""#],
            [#""12""#, #""ab123""#, #""ab12x ""#]),
        Known(#"{"type":"string","pattern":"b"}"#, [#""b""#, #""abc""#, #""\nb""#], [#""ac""#, #""""#]),
        Known(#"{"type":"string","pattern":"^a|b$"}"#, [#""ax""#, #""xb""#], [#""xa""#, #""bx""#]),
        Known(#"{"type":"string","pattern":"^[^\\w\"]\\\\\"$"}"#, [#""-\\\"""#], [#""a\\\"""#]),
        Known(
            #"{"type":"string","format":"date"}"#, [#""2024-02-29""#, #""1999-12-31""#, #""2000-02-29""#],
            [#""2023-02-29""#, #""1900-02-29""#, #""2024-13-01""#, #""0000-01-01""#]),
        Known(
            #"{"type":"string","format":"time"}"#, [#""23:59:59Z""#, #""01:02:03.5+01:00""#],
            [#""24:00:00Z""#, #""01:02:03""#]),
        Known(#"{"type":"string","format":"date-time"}"#, [#""2024-02-29T01:02:03Z""#], [#""2024-02-29 01:02:03Z""#]),
        Known(#"{"type":"string","format":"uuid"}"#, [#""123e4567-e89b-12d3-a456-426614174000""#], [#""123e4567""#]),
        Known(#"{"type":"string","format":"email"}"#, [#""a.b@example.org""#], [#""a.b""#, #""@example.org""#]),
        Known(#"{"type":"string","format":"uri"}"#, [#""https://example.org/a?b=c#d""#], [#""example""#]),
        Known(#"{"type":"string","format":"ipv4"}"#, [#""192.168.0.255""#], [#""256.1.1.1""#, #""01.1.1.1""#]),
        Known(#"{"type":"string","format":"password"}"#, [#""x""#], ["1"]),
        Known(
            ##"{"$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["v","next"]}},"$ref":"#/$defs/n"}"##,
            [#"{"v":1,"next":{"v":2,"next":null}}"#], [#"{"v":1}"#, #"{"v":1,"next":{}}"#]),
        Known(
            ##"{"anyOf":[{"type":"string"},{"type":"array","items":{"$ref":"#"}}]}"##, [#"[["a"],[]]"#], ["1", "[1]"]),
        Known(
            #"{"allOf":[{"type":"object","properties":{"a":{"type":"string","minLength":1}},"required":["a"]},{"properties":{"a":{"maxLength":2},"b":{"type":"null"}},"required":["b"]}]}"#,
            [#"{"a":"x","b":null}"#], [#"{"a":"","b":null}"#, #"{"a":"xyz","b":null}"#, #"{"a":"x"}"#]),
        Known(
            #"{"type":"object","oneOf":[{"properties":{"t":{"const":"x"}},"required":["t"]},{"properties":{"t":{"const":"y"},"v":{"type":"integer"}},"required":["t","v"]}]}"#,
            [#"{"t":"x"}"#, #"{"t":"y","v":1}"#], [#"{"t":"y"}"#, #"{"t":"z"}"#]),
        Known(
            #"{"type":"object","properties":{"ab":{"type":"null"}},"additionalProperties":{"type":"integer"}}"#,
            [#"{"ab":null,"a":1,"abc":2,"b":3}"#, #"{"x":1}"#, "{}"],
            [#"{"ab":1}"#, #"{"x":null}"#, #"{"a":1,"ab":2}"#]),
        Known(
            #"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"},"c":{"type":"integer"}},"required":["b"]}"#,
            [#"{"b":1}"#, #"{"a":1,"b":2}"#, #"{"b":1,"c":2}"#, #"{"a":1,"b":2,"c":3}"#],
            [#"{"a":1}"#, #"{"a":1,"c":2}"#, #"{"b":1,"a":2}"#]),
        Known(
            #"{"type":"object","properties":{"a":{"type":"string","nullable":true}},"required":["a"]}"#,
            [#"{"a":null}"#, #"{"a":"x"}"#], [#"{"a":1}"#]),
        Known(#"{"type":"object"}"#, ["{}", #"{"a":{"b":[1,{"c":null}]}}"#], ["[]", "1", #"{"a"}"#]),
        Known(
            #"{"type":"object","additionalProperties":{"type":"integer"},"minProperties":1,"maxProperties":2}"#,
            [#"{"a":1}"#, #"{"a":1,"b":2}"#], ["{}", #"{"a":1,"b":2,"c":3}"#]),
        Known(
            #"{"title":"T","description":"d","default":1,"examples":[1],"x-mine":true,"$schema":"s","type":"boolean"}"#,
            ["true", "false"], ["1"]),
    ]

    @Test(arguments: known)
    func `known answers`(known: Known) throws {
        let grammar = try compiled(schema: known.schema)
        for text in known.taken { #expect(try grammar.takes(text), "\(text)") }
        for text in known.refused { #expect(try !grammar.takes(text), "\(text)") }
        let tables = MaskTables(grammar, testVocabulary)
        for text in known.taken {
            var matcher = GrammarMatcher(grammar)
            for byte in text.utf8 {
                try expectMask(of: tables, for: matcher)
                #expect(try matcher.accept([byte]))
            }
            try expectMask(of: tables, for: matcher)
        }
    }

    private static let refusals: [(String, String, String)] = [
        (
            #"{"type":"object","properties":{"a/b":{"type":"integer","multipleOf":2}}}"#, "/properties/a~1b/multipleOf",
            "multipleOf is not supported"
        ),
        (#"{"patternProperties":{}}"#, "/patternProperties", "not supported"),
        (#"{"not":{}}"#, "/not", "not supported"),
        (#"{"if":{},"then":{}}"#, "/if", "not supported"),
        (#"{"type":"array","uniqueItems":true}"#, "/uniqueItems", "not supported"),
        (#"{"type":"array","items":{"contains":{}}}"#, "/items/contains", "not supported"),
        (#"{"$ref":"https://example.org/a"}"#, "/$ref", "within the schema"),
        (##"{"$ref":"#/$defs/x"}"##, "/$ref", "not there"),
        (#"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, "/oneOf", "use anyOf"),
        (#"{"type":"string","format":"ipv6"}"#, "/format", "ipv6"),
        (#"{"type":"string","pattern":"(?=a)b"}"#, "/pattern", "lookahead"),
        (#"{"type":"string","pattern":"(a"}"#, "/pattern", "no end"),
        (#"{"type":"string","pattern":"\\bx"}"#, "/pattern", "\\b is not supported"),
        (#"{"type":"string","pattern":"^a+$","maxLength":3}"#, "/maxLength", "beside pattern"),
        (#"{"type":"string","maxLength":100000}"#, "/maxLength", "65536"),
        (#"{"type":"text"}"#, "/type", "type must be"),
        (#"{"properties":[]}"#, "/properties", "must be an object"),
        (#"{"type":"string","maxLength":-1}"#, "/maxLength", "whole number"),
        (#"{"items":5}"#, "/items", "a schema must be"), (#"[]"#, "the schema's top", "a schema must be"),
        (
            #"{"type":"object","properties":{},"required":["x"],"additionalProperties":false}"#, "/required",
            "required names x"
        ),
        (#"{"enum":["a"],"maxLength":3}"#, "/maxLength", "beside enum"), (#"{"anyOf":[]}"#, "/anyOf", "at least one"),
        (#"{"type":"object","properties":{"a":{}},"minProperties":1}"#, "/minProperties", "minProperties"),
    ]

    @Test(arguments: refusals)
    func `what is not kept is refused by name and place`(schema: String, pointer: String, part: String) throws {
        let error = try #require(#expect(throws: GrammarError.self) { _ = try compiled(schema: schema) })
        #expect("\(error)".hasPrefix("at \(pointer): "), "\(error)")
        #expect("\(error)".contains(part), "\(error)")
    }

    @Test(arguments: [
        ##"{"$ref":"#"}"##, #"false"#, #"{"type":"string","minLength":3,"maxLength":2}"#, #"{"enum":[]}"#,
        #"{"enum":[1],"type":"string"}"#,
        #"{"allOf":[{"type":"string"},{"type":"integer"}]}"#,
    ])
    func `a schema that nothing satisfies is refused`(schema: String) throws {
        let error = try #require(#expect(throws: GrammarError.self) { _ = try compiled(schema: schema) })
        #expect(error.code == .contradiction, "\(error)")
    }

    @Test func `references that never end are refused`() throws {
        let error = try #require(
            #expect(throws: GrammarError.self) {
                _ = try compiled(
                    schema: ##"{"$defs":{"a":{"allOf":[{"$ref":"#/$defs/a"}]}},"$ref":"#/$defs/a","title":"x"}"##)
            })
        #expect(error.code == .tooLarge || error.code == .contradiction, "\(error)")
    }

    @Test func `json_object is any object`() throws {
        let grammar = try CompiledGrammar(.anyObject)
        #expect(try grammar.takes(#"{"a":[1,"x",{"b":null}],"c":-1.5e3}"#))
        #expect(try !grammar.takes("[]"))
    }
}
