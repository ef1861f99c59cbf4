import Grammar
import Testing

struct GBNFTests {
    private static let known: [(String, [String], [String])] = [
        (
            "root ::= \"a\"* \"b\" | x{2,3}\nx ::= [^a-c\\]] . # rest", ["b", "aab", "xy1é", "12\u{1F600}434"],
            ["", "a", "x", "xyz", "c1d1", "]a]a"]
        ),
        ("root ::= (\"x\" |\n  \"y\")+ [0-9_]{0,2}", ["x", "yx", "xy12", "x_"], ["", "1", "x123"]),
        ("root ::= \"\\x41\\u00e9\\U0001F600\\\"\\\\\\n\\t\\r\"", ["Aé\u{1F600}\"\\\n\t\r"], ["A"]),
        (
            "root ::= s\ns ::= \"(\" s \")\" | \"[\" s \"]\" s? | \"x\"", ["x", "((x))", "[x]x", "([(x)][x]x)"],
            ["(x", "[x]]", "()"]
        ),
        (
            "# all\n\nroot ::= \"a\"{2} b{1,} c?\n\nb ::= \"b\"\nc ::= \"c\"\n", ["aab", "aabbb", "aabc"],
            ["ab", "aa", "aabcc"]
        ),
        ("root ::= (\"\")* (e)* \"x\"\ne ::= \"y\"?", ["x", "yx", "yyx"], ["", "xy"]),
        ("root ::= [a\\-z] [-a] [a-]", ["a--", "-aa", "za-"], ["ba-", "ab-"]),
        ("root ::= \"a\" root \"b\" | \"a\" root | \"c\"", ["c", "ac", "acb", "aacb", "aacbb"], ["acbb", "a"]),
        ("root ::= \"ab\" | \"a\" | \"abc\" | \"b\"", ["a", "ab", "abc", "b"], ["abcd", "c", ""]),
        ("root ::= a b\na ::= \"x\" |\n  \"y\"\nb ::= \"z\"", ["xz", "yz"], ["x", "z"]),
    ]

    @Test(arguments: known)
    func `known answers`(grammar: String, taken: [String], refused: [String]) throws {
        let grammar = try compiled(gbnf: grammar)
        for text in taken { #expect(try grammar.takes(text), "\(text)") }
        for text in refused { #expect(try !grammar.takes(text), "\(text)") }
    }

    private static let refusals: [(String, String, String)] = [
        ("root ::= root \"a\" | \"b\"", "left recursion", ""),
        ("root ::= a\na ::= b? a | \"y\"\nb ::= \"x\"", "left recursion", ""),
        ("root ::= a\na ::= b a\nb ::= \"\"", "no text is possible", ""),
        ("root ::= \"a\" root", "no text is possible", ""),
        ("root ::= (", "no closing parenthesis", "line 1, column 10: "),
        ("root ::= \"a\"\n  b", "::= is expected", "line 2, column 4: "),
        ("root ::= \"a\" b", "b is not defined", "line 1, column 14: "),
        ("root ::= \"a\nb\"", "no end", "line 1, column 10: "),
        ("root ::= \"a\"{99999999}", "longer than 65536", "line 1, column 13: "),
        ("root ::= \"a\"{3,2}", "ends before it begins", "line 1, column 13: "),
        ("root ::= [z-a]", "ends before it begins", "line 1, column 11: "),
        ("root ::= [a", "no closing bracket", "line 1, column 10: "),
        ("root ::= \"\\q\"", "no escape", "line 1, column 11: "),
        ("root ::= \"\\ud800\"", "no character", "line 1, column 11: "),
        ("x ::= \"a\"", "no rule named root", ""),
        ("root ::= \"a\"\nroot ::= \"b\"", "defined twice", "line 2, column 1: "),
        ("root ::= <think>", "not supported", "line 1, column 10: "),
        ("", "no rule named root", ""),
    ]

    @Test(arguments: refusals)
    func `a wrong grammar is refused with its place`(grammar: String, part: String, place: String) throws {
        let error = #expect(throws: GrammarError.self) { _ = try compiled(gbnf: grammar) }
        #expect("\(try #require(error))".hasPrefix(place))
        #expect("\(try #require(error))".contains(part))
    }

    @Test func `limits hold`() throws {
        func code(_ grammar: String) -> GrammarError.Code? {
            do {
                let compiled = try compiled(gbnf: grammar)
                var matcher = GrammarMatcher(compiled)
                _ = try matcher.accept([UInt8](repeating: UInt8(ascii: "a"), count: 10_000))
                return nil
            } catch {
                return (error as? GrammarError)?.code
            }
        }
        #expect(
            code("root ::= " + String(repeating: "(", count: 100) + "\"a\"" + String(repeating: ")", count: 100))
                == .tooLarge)
        #expect(code("root ::= x{60000}\nx ::= y{60000}\ny ::= \"a\" | \"bbb\"") == nil)
        #expect(code("root ::= (\"aa\"{60000} \"b\"){3} (\"ac\"{60000})") == .tooLarge)
        #expect(code("root ::= \"a\" root \"b\" | \"c\"") == .tooLarge)
        #expect(code("root ::= \"a\"\n" + String(repeating: "#", count: 300_000)) == .tooLarge)
        // Twice as many stacks with each level.
        let rules = (0..<20).map { "r\($0) ::= r\($0 + 1) \"x\" | r\($0 + 1) \"y\"\n" }.joined()
        #expect(code("root ::= r0\n" + rules + "r20 ::= \"a\"") == .tooLarge)
    }

    /// A random grammar whose rules call later ones only, with a slow recognizer of its own.
    indirect enum Node {
        case text(String)
        case oneOf([Character], isNegated: Bool)
        case all([Node])
        case any([Node])
        case times(Node, Int, Int?)

        static func random(_ dice: inout Dice, depth: Int) -> Node {
            switch dice.below(depth == 0 ? 2 : 6) {
            case 0: return .text((0..<dice.below(3)).map { _ in dice.pick(["a", "b", "é"]) }.joined())
            case 1:
                return .oneOf(
                    (0...dice.below(2)).map { _ in dice.pick(["a", "b", "é"]) }, isNegated: dice.below(4) == 0)
            case 2, 3: return .all((0...dice.below(3)).map { _ in random(&dice, depth: depth - 1) })
            case 4: return .any((0...dice.below(3)).map { _ in random(&dice, depth: depth - 1) })
            default:
                let least = dice.below(3)
                return .times(random(&dice, depth: depth - 1), least, dice.pick([nil, least, least + dice.below(3)]))
            }
        }

        /// As GBNF; some parts become rules.
        func gbnf(_ rules: inout [String]) -> String {
            let result: String
            switch self {
            case .text(let text): result = "\"\(text)\""
            case .oneOf(let characters, let isNegated): result = "[\(isNegated ? "^" : "")\(String(characters))]"
            case .all(let parts): result = "(" + parts.map { $0.gbnf(&rules) }.joined(separator: " ") + ")"
            case .any(let parts): result = "(" + parts.map { $0.gbnf(&rules) }.joined(separator: " | ") + ")"
            case .times(let part, let least, let most):
                let braces = most.map { $0 == least ? "{\(least)}" : "{\(least),\($0)}" } ?? "{\(least),}"
                return part.gbnf(&rules) + (least == 0 && most == nil ? "*" : braces)
            }
            guard result.count % 3 == 0 else { return result }
            rules.append("r\(rules.count) ::= \(result)")
            return "r\(rules.count - 1)"
        }

        /// The places up to which it can read, from one place.
        func ends(in text: [Character], from place: Int) -> Set<Int> {
            switch self {
            case .text(let wanted): return text[place...].starts(with: wanted) ? [place + wanted.count] : []
            case .oneOf(let characters, let isNegated):
                guard place < text.count, characters.contains(text[place]) != isNegated else { return [] }
                return [place + 1]
            case .all(let parts):
                return parts.reduce([place]) { places, part in
                    places.reduce(into: []) { $0.formUnion(part.ends(in: text, from: $1)) }
                }
            case .any(let parts): return parts.reduce(into: []) { $0.formUnion($1.ends(in: text, from: place)) }
            case .times(let part, let least, let most):
                var here: Set<Int> = [place]
                var result: Set<Int> = least == 0 ? here : []
                // Longer than the text it only repeats what is empty.
                for count in 1...max(least + text.count + 1, 1) where most.map({ count <= $0 }) ?? true {
                    here = here.reduce(into: []) { $0.formUnion(part.ends(in: text, from: $1)) }
                    if count >= least { result.formUnion(here) }
                }
                return result
            }
        }
    }

    @Test(arguments: 1...300)
    func `it takes what a slow recognizer takes`(seed: Int) throws {
        var dice = Dice(seed: UInt64(seed))
        let node = Node.random(&dice, depth: 4)
        var rules: [String] = []
        let root = node.gbnf(&rules)
        let grammar = try compiled(gbnf: (["root ::= \(root)"] + rules).joined(separator: "\n"))
        let tables = MaskTables(grammar, testVocabulary)
        var taken = 0
        for _ in 0..<40 {
            let text = (0..<dice.below(7)).map { _ in dice.pick(["a", "b", "é"]) as Character }
            let isTaken = node.ends(in: text, from: 0).contains(text.count)
            #expect(try grammar.takes(String(text)) == isTaken, "\(String(text)), seed \(seed), \(root) \(rules)")
            if isTaken { taken += 1 }
            try expectMask(of: tables, after: String(text))
        }
    }
}

/// The tokens of a mask are those whose bytes the grammar takes one by one.
func expectMask(of tables: MaskTables, after text: String) throws {
    var matcher = GrammarMatcher(tables.grammar)
    guard try matcher.accept(text.utf8) else { return }
    try expectMask(of: tables, for: matcher)
}

func expectMask(of tables: MaskTables, for matcher: GrammarMatcher) throws {
    let vocabulary = tables.vocabulary
    let mask = try tables.mask(for: matcher)
    let taken = try (0..<UInt32(vocabulary.count)).filter { token in
        if vocabulary.isEnd(token) { return matcher.canEnd }
        let bytes = vocabulary.bytes(of: token)
        guard !bytes.isEmpty else { return false }
        var copy = matcher
        for byte in bytes { guard try copy.accept([byte]) else { return false } }
        return true
    }
    #expect(mask.tokens == taken)
}
