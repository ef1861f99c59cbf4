/// Reads regular expressions as JSON Schema has them (ECMA-262), into what is written within a JSON string.
///
/// Taken: characters, `.`, classes, groups, alternatives, quantifiers, `\d \w \s` (ASCII) and their opposites, `^` at the beginning and `$` at the end of an
/// alternative. Where these are missing, anything may come before or behind. Lookaround, back references, word borders and `\p{…}` are refused.
struct PatternReader {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private let pointer: String
    private let limits: GrammarLimits

    /// What is written within the quotes for a pattern's texts.
    static func read(
        _ pattern: String, at pointer: String, limits: GrammarLimits
    ) throws(GrammarError) -> Expression {
        var reader = PatternReader(scalars: Array(pattern.unicodeScalars), pointer: pointer, limits: limits)
        let result = try reader.readChoice(depth: 0)
        guard reader.position == reader.scalars.count else { throw reader.error(.syntax, "a \")\" closes nothing") }
        return result
    }

    private init(scalars: [Unicode.Scalar], pointer: String, limits: GrammarLimits) {
        self.scalars = scalars
        self.pointer = pointer
        self.limits = limits
    }

    /// Any text, where the pattern says nothing of the text's beginning or end.
    private static let anything = Expression.repetition(
        .choice([.characters(JSONText.plain), JSONText.wideCharacter]), least: 0, most: nil)

    private mutating func readChoice(depth: Int) throws(GrammarError) -> Expression {
        guard depth <= limits.depth else { throw error(.tooLarge, "groups nest more than \(limits.depth) levels deep") }
        var alternatives: [Expression] = []
        repeat { alternatives.append(try readSequence(depth: depth)) } while take("|")
        return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
    }

    private mutating func readSequence(depth: Int) throws(GrammarError) -> Expression {
        var parts: [Expression] = []
        var isOpen = depth == 0
        if depth == 0, take("^") { isOpen = false }
        if isOpen { parts.append(Self.anything) }
        var isEnded = false
        while let next = current, next != "|", next != ")" {
            guard !isEnded, next != "^" else {
                throw error(
                    .unsupported,
                    "^ and $ are supported at the beginning and the end of the whole or of its alternatives")
            }
            if next == "$", depth == 0 {
                position += 1
                isEnded = true
                continue
            }
            let item = try readItem(depth: depth)
            parts.append(try readQuantifier(of: item))
        }
        if depth == 0, !isEnded { parts.append(Self.anything) }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func readItem(depth: Int) throws(GrammarError) -> Expression {
        let scalar = scalars[position]
        switch scalar {
        case "(":
            position += 1
            if take("?") {
                if take("<"), current != "=", current != "!" {
                    while let next = current, next != ">" { position += 1 }
                    guard take(">") else { throw error(.syntax, "the group's name has no end") }
                } else if !take(":") {
                    throw error(.unsupported, "lookahead, lookbehind and flags are not supported")
                }
            }
            let inner = try readChoice(depth: depth + 1)
            guard take(")") else { throw error(.syntax, "a group has no end") }
            return inner
        case "[": return JSONText.character(try readClass())
        case ".":
            position += 1
            return JSONText.character(ScalarSet("\n\r\u{2028}\u{2029}").complement)
        case "*", "+", "?":
            throw error(.syntax, "\(scalar) follows nothing that it could repeat")
        case "{" where isBraces:
            throw error(.syntax, "\(scalar) follows nothing that it could repeat")
        case "$": throw error(.unsupported, "$ is supported at the end of the whole or of its alternatives")
        case "\\": return JSONText.character(try readEscape(inClass: false))
        default:
            position += 1
            return JSONText.character(ScalarSet([scalar.value...scalar.value]))
        }
    }

    private mutating func readClass() throws(GrammarError) -> ScalarSet {
        position += 1
        let isNegated = take("^")
        var set = ScalarSet()
        while let next = current, next != "]" {
            let first = try readClassItem(next)
            guard current == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                set = set.union(first)
                continue
            }
            position += 1
            let last = try readClassItem(scalars[position])
            guard let lower = first.single, let upper = last.single, lower <= upper else {
                throw error(.syntax, "a range of a class has no characters")
            }
            set = set.union(ScalarSet([lower...upper]))
        }
        guard take("]") else { throw error(.syntax, "a class has no end") }
        return isNegated ? set.complement : set
    }

    private mutating func readClassItem(_ next: Unicode.Scalar) throws(GrammarError) -> ScalarSet {
        if next == "\\" { return try readEscape(inClass: true) }
        position += 1
        return ScalarSet([next.value...next.value])
    }

    private static let digits = ScalarSet("0123456789")
    private static let word = ScalarSet([0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
    private static let space = ScalarSet(" \t\n\r\u{b}\u{c}")
    /// What some engines count to `\s`, and so must not be in `\S`.
    private static let allSpace = space.union(
        ScalarSet([
            0x1c...0x1f, 0x85...0x85, 0xa0...0xa0, 0x1680...0x1680, 0x2000...0x200a, 0x2028...0x2029, 0x202f...0x202f,
            0x205f...0x205f, 0x3000...0x3000, 0xfeff...0xfeff,
        ]))
    private static let ascii = ScalarSet([0...0x7f])

    private mutating func readEscape(inClass: Bool) throws(GrammarError) -> ScalarSet {
        position += 1
        guard let letter = current else { throw error(.syntax, "the pattern ends within an escape") }
        position += 1
        switch letter {
        case "d": return Self.digits
        case "w": return Self.word
        case "s": return Self.space
        // Some engines count characters beyond ASCII to \d and \w.
        case "D": return Self.digits.complement.intersection(Self.ascii)
        case "W": return Self.word.complement.intersection(Self.ascii)
        case "S": return Self.allSpace.complement
        case "n": return ScalarSet("\n")
        case "r": return ScalarSet("\r")
        case "t": return ScalarSet("\t")
        case "f": return ScalarSet("\u{c}")
        case "v": return ScalarSet("\u{b}")
        case "0": return ScalarSet("\0")
        case "b" where inClass: return ScalarSet("\u{8}")
        case "x": return try readHexadecimal(2)
        case "u":
            guard take("{") else { return try readHexadecimal(4) }
            var value: UInt32 = 0
            while let digit = current.flatMap({ Character($0).hexDigitValue }), value <= 0x10ffff {
                value = value << 4 | UInt32(digit)
                position += 1
            }
            guard take("}"), Unicode.Scalar(value) != nil else { throw error(.syntax, "\\u{…} is no character") }
            return ScalarSet([value...value])
        case "a"..."z", "A"..."Z", "1"..."9":
            throw error(.unsupported, "\\\(letter) is not supported")
        default: return ScalarSet([letter.value...letter.value])
        }
    }

    private mutating func readHexadecimal(_ count: Int) throws(GrammarError) -> ScalarSet {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = current.flatMap({ Character($0).hexDigitValue }) else {
                throw error(.syntax, "an escape needs \(count) hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        guard Unicode.Scalar(value) != nil else { throw error(.unsupported, "an escape is half of a character") }
        return ScalarSet([value...value])
    }

    private mutating func readQuantifier(of item: Expression) throws(GrammarError) -> Expression {
        let range: (Int, Int?)
        switch current {
        case "*": range = (0, nil)
        case "+": range = (1, nil)
        case "?": range = (0, 1)
        case "{" where isBraces:
            position += 1
            let least = readNumber() ?? 0
            let most = take(",") ? readNumber() : least
            range = (least, most)
        default: return item
        }
        position += 1
        if let most = range.1, most < range.0 { throw error(.syntax, "a repetition ends before it begins") }
        guard max(range.0, range.1 ?? 0) <= limits.repetitions else {
            throw error(.tooLarge, "a repetition is longer than \(limits.repetitions)")
        }
        // Whether as few or as many as can be, the texts are the same.
        _ = take("?")
        if current == "*" || current == "+" || current == "?" || current == "{" && isBraces {
            throw error(.syntax, "two quantifiers follow each other")
        }
        return .repetition(item, least: range.0, most: range.1)
    }

    /// Whether a quantifier in braces begins here; else the brace is a character.
    private var isBraces: Bool {
        var place = position + 1
        let start = place
        while place < scalars.count, ("0"..."9").contains(scalars[place]) || scalars[place] == "," { place += 1 }
        return place < scalars.count && scalars[place] == "}" && place > start && scalars[start] != ","
            && scalars[start..<place].filter { $0 == "," }.count <= 1
    }

    private mutating func readNumber() -> Int? {
        var value: Int?
        while let next = current, ("0"..."9").contains(next) {
            value = min((value ?? 0) * 10 + Int(next.value - 48), 1 << 40)
            position += 1
        }
        return value
    }

    private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        position += 1
        return true
    }

    private func error(_ code: GrammarError.Code, _ message: String) -> GrammarError {
        GrammarError(code, "pattern, character \(position + 1): \(message)", at: .pointer(pointer))
    }
}

extension ScalarSet {
    /// The one character, if there is one alone.
    fileprivate var single: UInt32? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
