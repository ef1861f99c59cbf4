import Grammar

/// Random numbers that are the same each time (xorshift64).
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func below(_ count: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(count))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

extension CompiledGrammar {
    /// Whether a text belongs to it, read byte by byte.
    func takes(_ text: String) throws -> Bool {
        var matcher = GrammarMatcher(self)
        for byte in text.utf8 { guard try matcher.accept([byte]) else { return false } }
        return matcher.canEnd
    }

    /// Whether a text belongs to it or could be gone on with.
    func begins(_ text: String) throws -> Bool {
        var matcher = GrammarMatcher(self)
        return try matcher.accept(text.utf8)
    }
}

func compiled(gbnf text: String) throws -> CompiledGrammar { try CompiledGrammar(Grammar(gbnf: text)) }

func compiled(schema text: String) throws -> CompiledGrammar {
    try CompiledGrammar(Grammar(schema: OrderedJSON(json: text)))
}

/// Every byte, texts that go over the borders of JSON, and parts of characters; the last token ends answers.
let testVocabulary: TokenVocabulary = {
    var tokens: [[UInt8]] = (0...255).map { [UInt8($0)] }
    for text in [
        "\": ", "\",", "{\"", "\"}", "},", "}]", "[[", "]]", "true", "alse", "null", "the", " the", "ab", "abc",
        "name\"", "\\n", "\\\"",
        "é", "日本", "日", "\u{1F600}", " {\"", ", \"", "\n  ", "12", "123", "0.", ".5", "-1", "e1", "2024-", "\"a", "a\"",
        "\"\"", "[]", "{}",
        "\\u00", "00e9", "a\",\"b\":", "1,2", "1}", "\"]}",
    ] { tokens.append(Array(text.utf8)) }
    tokens += [[0xe6, 0x97], [0xa5, 0x22], [0x98, 0x80], [0xc3], []]
    return TokenVocabulary(tokens, endTokens: [UInt32(tokens.count - 1)])
}()
