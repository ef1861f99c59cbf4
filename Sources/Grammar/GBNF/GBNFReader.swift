/// Reads GBNF, the grammar notation of llama.cpp.
///
/// `name ::= …`; literals `"…"`, classes `[a-z]` and `[^…]` with the escapes `\n \r \t \\ \" \[ \] \xHH \uHHHH \UHHHHHHHH` (all are characters, not
/// bytes), `.` for any character, groups, `|`, `* + ? {m} {m,} {m,n}`, comments from `#`. A rule goes on over a line's end within a group and
/// behind `::=` and `|`. The language is that of the rule `root`.
struct GBNFReader {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private let limits: GrammarLimits
    private var names: [String] = []
    private var numbers: [String: Int] = [:]
    private var bodies: [Int: Expression] = [:]
    /// Where each rule is first spoken of.
    private var mentions: [Int] = []

    init(_ text: String, limits: GrammarLimits) throws(GrammarError) {
        guard text.utf8.count <= limits.sourceBytes else {
            throw GrammarError(
                .tooLarge, "the grammar has \(text.utf8.count) bytes; at most \(limits.sourceBytes) are taken")
        }
        scalars = Array(text.unicodeScalars)
        self.limits = limits
    }

    mutating func read() throws(GrammarError) -> Grammar {
        skipSpace(acrossLines: true)
        while position < scalars.count {
            try readRule()
            skipSpace(acrossLines: true)
        }
        guard let root = numbers["root"], bodies[root] != nil else {
            throw GrammarError(.contradiction, "there is no rule named root, which whole texts belong to")
        }
        var rules: [Grammar.Rule] = []
        for (number, name) in names.enumerated() {
            guard let body = bodies[number] else {
                throw error(.contradiction, "the rule \(name) is not defined", at: mentions[number])
            }
            rules.append(.init(name: name, body: body))
        }
        return Grammar(rules: rules, root: root)
    }

    private mutating func readRule() throws(GrammarError) {
        let start = position
        guard let name = readName() else { throw error(.syntax, "a rule's name is expected: letters, digits, - and _") }
        skipSpace()
        guard take("::=") else { throw error(.syntax, "::= is expected after the name \(name)") }
        skipSpace(acrossLines: true)
        let rule = number(of: name, at: start)
        guard bodies[rule] == nil else { throw error(.contradiction, "the rule \(name) is defined twice", at: start) }
        bodies[rule] = try readChoice(depth: 0)
        guard position == scalars.count || scalars[position].isLineEnd else {
            throw error(.syntax, "\(quoted(scalars[position])) does not belong here")
        }
    }

    private mutating func readChoice(depth: Int) throws(GrammarError) -> Expression {
        guard depth <= limits.depth else {
            throw error(.tooLarge, "groups nest more than \(limits.depth) levels deep")
        }
        var alternatives = [try readSequence(depth: depth)]
        while take("|") {
            skipSpace(acrossLines: true)
            alternatives.append(try readSequence(depth: depth))
        }
        return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
    }

    private mutating func readSequence(depth: Int) throws(GrammarError) -> Expression {
        var parts: [Expression] = []
        while let item = try readItem(depth: depth) {
            skipSpace(acrossLines: depth > 0)
            parts.append(try readQuantifiers(of: item))
            skipSpace(acrossLines: depth > 0)
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func readItem(depth: Int) throws(GrammarError) -> Expression? {
        guard let next = current else { return nil }
        switch next {
        case "\"":
            let start = position
            position += 1
            var text = String.UnicodeScalarView()
            while let scalar = current, scalar != "\"" {
                if scalar.isLineEnd { break }
                text.append(try readCharacter())
            }
            guard take("\"") else { throw error(.syntax, "the text in quotes has no end", at: start) }
            return .bytes(Array(String(text).utf8))
        case "[": return .characters(try readClass())
        case ".":
            position += 1
            return .characters(.all)
        case "(":
            let start = position
            position += 1
            skipSpace(acrossLines: true)
            let inner = try readChoice(depth: depth + 1)
            skipSpace(acrossLines: true)
            guard take(")") else { throw error(.syntax, "the group has no closing parenthesis", at: start) }
            return inner
        case "<", "!": throw error(.unsupported, "tokens of a model (<…>) are not supported; write their text")
        default:
            let start = position
            return readName().map { .rule(number(of: $0, at: start)) }
        }
    }

    private mutating func readClass() throws(GrammarError) -> ScalarSet {
        let start = position
        position += 1
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while let next = current, next != "]" {
            if next.isLineEnd { break }
            let place = position
            let lower = try readCharacter().value
            guard current == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                ranges.append(lower...lower)
                continue
            }
            position += 1
            let upper = try readCharacter().value
            guard lower <= upper else { throw error(.syntax, "the range ends before it begins", at: place) }
            ranges.append(lower...upper)
        }
        guard take("]") else { throw error(.syntax, "the class has no closing bracket", at: start) }
        let set = ScalarSet(ranges)
        return isNegated ? set.complement : set
    }

    private mutating func readCharacter() throws(GrammarError) -> Unicode.Scalar {
        let start = position
        let scalar = scalars[position]
        position += 1
        guard scalar == "\\" else { return scalar }
        guard let escape = current else { throw error(.syntax, "the text ends within an escape", at: start) }
        position += 1
        switch escape {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "\\", "\"", "[", "]", "-", "^": return escape
        case "x", "u", "U":
            let count = escape == "x" ? 2 : escape == "u" ? 4 : 8
            var value: UInt32 = 0
            for _ in 0..<count {
                guard let digit = current.flatMap({ Character($0).hexDigitValue }), current!.isASCII else {
                    throw error(.syntax, "\\\(escape) needs \(count) hexadecimal digits", at: start)
                }
                value = value << 4 | UInt32(digit)
                position += 1
            }
            guard let result = Unicode.Scalar(value) else {
                throw error(.syntax, "the escape is no character of Unicode", at: start)
            }
            return result
        default: throw error(.syntax, "\\\(quoted(escape)) is no escape", at: start)
        }
    }

    private mutating func readQuantifiers(of item: Expression) throws(GrammarError) -> Expression {
        var result = item
        var count = 0
        while let next = current {
            let start = position
            let range: (Int, Int?)
            switch next {
            case "*": range = (0, nil)
            case "+": range = (1, nil)
            case "?": range = (0, 1)
            case "{": range = try readBraces()
            default: return result
            }
            if next != "{" { position += 1 }
            if let most = range.1, most < range.0 {
                throw error(.syntax, "the repetition ends before it begins", at: start)
            }
            guard max(range.0, range.1 ?? 0) <= limits.repetitions else {
                throw error(
                    .tooLarge, "the repetition is longer than \(limits.repetitions)", at: start)
            }
            count += 1
            guard count <= limits.depth else { throw error(.tooLarge, "something is repeated too often", at: start) }
            result = .repetition(result, least: range.0, most: range.1)
            skipSpace()
        }
        return result
    }

    private mutating func readBraces() throws(GrammarError) -> (Int, Int?) {
        let start = position
        position += 1
        skipSpace()
        guard let least = readNumber() else { throw error(.syntax, "{ needs a number: {m}, {m,} or {m,n}", at: start) }
        skipSpace()
        var most: Int? = least
        if take(",") {
            skipSpace()
            most = readNumber()
            skipSpace()
        }
        guard take("}") else { throw error(.syntax, "} is expected: {m}, {m,} or {m,n}", at: start) }
        return (least, most)
    }

    private mutating func readNumber() -> Int? {
        var value: Int?
        while let next = current, ("0"..."9").contains(next) {
            // Far beyond every limit it says no more than that.
            value = min((value ?? 0) * 10 + Int(next.value - 48), 1 << 40)
            position += 1
        }
        return value
    }

    private mutating func readName() -> String? {
        var name = String.UnicodeScalarView()
        while let next = current, next.isNameScalar {
            name.append(next)
            position += 1
        }
        return name.isEmpty ? nil : String(name)
    }

    private mutating func number(of name: String, at place: Int) -> Int {
        if let known = numbers[name] { return known }
        numbers[name] = names.count
        names.append(name)
        mentions.append(place)
        return names.count - 1
    }

    private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ text: String) -> Bool {
        let wanted = text.unicodeScalars
        guard scalars[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    private mutating func skipSpace(acrossLines: Bool = false) {
        while let next = current {
            if next == "#" {
                while let next = current, !next.isLineEnd { position += 1 }
            } else if next == " " || next == "\t" || acrossLines && next.isLineEnd {
                position += 1
            } else {
                return
            }
        }
    }

    private func error(_ code: GrammarError.Code, _ message: String, at place: Int? = nil) -> GrammarError {
        let place = min(place ?? position, scalars.count)
        var line = 1
        var column = 1
        for scalar in scalars[..<place] {
            column += 1
            if scalar == "\n" { (line, column) = (line + 1, 1) }
        }
        return GrammarError(code, message, at: .line(line, column: column))
    }

    private func quoted(_ scalar: Unicode.Scalar) -> String { "\"\(scalar.escaped(asASCII: false))\"" }
}

extension Unicode.Scalar {
    fileprivate var isLineEnd: Bool { self == "\n" || self == "\r" }

    fileprivate var isNameScalar: Bool {
        ("a"..."z").contains(self) || ("A"..."Z").contains(self) || ("0"..."9").contains(self) || self == "-"
            || self == "_"
    }
}

extension Grammar {
    /// Reads a grammar in GBNF, llama.cpp's notation.
    /// - Throws: `GrammarError` with line and column.
    package init(gbnf text: String, limits: GrammarLimits = GrammarLimits()) throws(GrammarError) {
        var reader = try GBNFReader(text, limits: limits)
        self = try reader.read()
    }
}
