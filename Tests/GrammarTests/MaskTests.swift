import Grammar
import Testing

struct MaskTests {
    @Test func `a text may end within a character and goes on with its bytes`() throws {
        let grammar = try compiled(gbnf: "root ::= [é日]+ \"!\"")
        var matcher = GrammarMatcher(grammar)
        #expect(try matcher.accept([0xe6, 0x97]))
        #expect(!matcher.canEnd)
        let mask = try MaskTables(grammar, testVocabulary).mask(for: matcher)
        #expect(mask.tokens == [0xa5])
        #expect(try matcher.accept([0xa5]))
        #expect(try matcher.accept(Array("!".utf8)))
        #expect(matcher.canEnd && matcher.isOver)
    }

    @Test func `a refused token changes nothing, and a copy goes on by itself`() throws {
        var matcher = GrammarMatcher(try compiled(gbnf: "root ::= \"ab\" | \"ac\""))
        #expect(try matcher.accept(Array("a".utf8)))
        #expect(try !matcher.accept(Array("bx".utf8)))
        var copy = matcher
        #expect(try matcher.accept(Array("b".utf8)))
        #expect(try copy.accept(Array("c".utf8)))
    }

    @Test func `tokens that end answers are allowed where the text may end, and control tokens nowhere`() throws {
        let vocabulary = TokenVocabulary([Array("a".utf8), [], [], Array("aa".utf8)], endTokens: [2])
        let grammar = try compiled(gbnf: "root ::= \"a\"{2,3}")
        let tables = MaskTables(grammar, vocabulary)
        var matcher = GrammarMatcher(grammar)
        #expect(try tables.mask(for: matcher).tokens == [0, 3])
        #expect(try matcher.accept(Array("aa".utf8)))
        #expect(try tables.mask(for: matcher).tokens == [0, 2])
        #expect(try matcher.accept(Array("a".utf8)))
        #expect(try tables.mask(for: matcher).tokens == [2])
    }

    @Test func `what is remembered stays within its bound`() throws {
        var limits = GrammarLimits()
        limits.cacheBytes = 4096
        let grammar = try CompiledGrammar(
            Grammar(schema: OrderedJSON(json: #"{"type":"string","maxLength":500}"#)), limits: limits)
        let tables = MaskTables(grammar, testVocabulary)
        var matcher = GrammarMatcher(grammar)
        for byte in [UInt8(ascii: "\"")] + [UInt8](repeating: UInt8(ascii: "x"), count: 500) {
            try expectMask(of: tables, for: matcher)
            #expect(try matcher.accept([byte]))
            #expect(tables.byteCount < 8192)
        }
        try expectMask(of: tables, for: matcher)
    }

    @Test func `a long text keeps few stacks`() throws {
        let grammar = try compiled(
            schema:
                #"{"type":"array","items":{"type":"array","items":{"type":"string","maxLength":40},"maxItems":300},"maxItems":300}"#
        )
        var matcher = GrammarMatcher(grammar)
        let row = "[" + [String](repeating: #""abé""#, count: 300).joined(separator: ",") + "]"
        let text = "[" + [String](repeating: row, count: 100).joined(separator: ",") + "]"
        for byte in text.utf8 { try #require(try matcher.accept([byte])) }
        #expect(matcher.canEnd)
    }
}
