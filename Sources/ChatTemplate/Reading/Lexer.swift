/// Cuts a template into tokens, with Jinja's `trim_blocks` and `lstrip_blocks` on, as chat templates expect
/// (Jinja documentation, "Whitespace Control").
struct Lexer {
    let scalars: [Unicode.Scalar]
    private(set) var offset = 0
    private var line = 1
    private var tokens: [Token] = []
    /// Whether the text at `offset` begins a line, for `lstrip_blocks`.
    private var atLineStart = true

    private init(_ source: String) {
        var scalars: [Unicode.Scalar] = []
        var previous: Unicode.Scalar?
        for scalar in source.unicodeScalars {
            // Any line ending becomes a line feed.
            if !(previous == "\r" && scalar == "\n") { scalars.append(scalar == "\r" ? "\n" : scalar) }
            previous = scalar
        }
        // One line feed at the very end is not part of the template.
        if scalars.last == "\n" { scalars.removeLast() }
        self.scalars = scalars
    }

    static func tokens(of source: String) throws(TemplateError) -> [Token] {
        var lexer = Lexer(source)
        try lexer.run()
        return lexer.tokens
    }

    private mutating func run() throws(TemplateError) {
        while offset < scalars.count { try textAndTag() }
        add(.end)
    }

    /// The text up to the next tag, and the tag.
    private mutating func textAndTag() throws(TemplateError) {
        let start = offset
        var end = offset
        while end < scalars.count, tagKind(at: end) == nil { end += 1 }
        guard let kind = tagKind(at: end) else {
            addText(start..<end)
            offset = end
            return
        }
        let sign = scalar(end + 2)
        let kept = kept(start..<end, before: sign, stripsIndent: kind != "{")
        addText(kept)
        advance(to: end + (sign == "-" || sign == "+" ? 3 : 2))
        switch kind {
        case "#": try comment()
        case "%":
            if try !raw() {
                add(.blockBegin)
                try code(closing: "%")
            }
        default:
            add(.outputBegin)
            try code(closing: "}")
        }
    }

    /// What is left of the text before a tag: without white space before `-`, without the indent of a block tag.
    private func kept(_ text: Range<Int>, before sign: Unicode.Scalar?, stripsIndent: Bool) -> Range<Int> {
        var end = text.upperBound
        if sign == "-" {
            while end > text.lowerBound, isSpace(scalars[end - 1]) { end -= 1 }
        } else if sign != "+" && stripsIndent {
            while end > text.lowerBound, scalars[end - 1] != "\n" { end -= 1 }
            let beginsLine = end > text.lowerBound || atLineStart
            if !beginsLine || !scalars[end..<text.upperBound].allSatisfy(isSpace) { end = text.upperBound }
        }
        return text.lowerBound..<end
    }

    /// `{`, `%` or `#` when a tag begins here.
    private func tagKind(at index: Int) -> Unicode.Scalar? {
        guard index + 1 < scalars.count, scalars[index] == "{" else { return nil }
        let next = scalars[index + 1]
        return next == "{" || next == "%" || next == "#" ? next : nil
    }

    private mutating func comment() throws(TemplateError) {
        let begin = line
        while offset < scalars.count {
            if let length = closing("#", at: offset) {
                close("#", length: length)
                return
            }
            advance(to: offset + 1)
        }
        throw TemplateError(code: .syntax, line: begin, message: "a comment has no '#}'")
    }

    /// Takes `raw %}…{% endraw %}` after `{%`.
    private mutating func raw() throws(TemplateError) -> Bool {
        guard let length = word("raw", at: offset) else { return false }
        let begin = line
        advance(to: offset + length.body)
        // Unlike other tags, this one leaves the line feed behind it.
        close("%", length: length.end, trimsLine: false)
        let start = offset
        var end = start
        while end < scalars.count {
            if tagKind(at: end) == "%" {
                let signed = scalar(end + 2) == "-" || scalar(end + 2) == "+"
                if let length = word("endraw", at: end + (signed ? 3 : 2)) {
                    let kept = kept(start..<end, before: scalar(end + 2), stripsIndent: true)
                    addText(kept)
                    advance(to: end + (signed ? 3 : 2) + length.body)
                    close("%", length: length.end)
                    return true
                }
            }
            end += 1
        }
        throw TemplateError(code: .syntax, line: begin, message: "'raw' has no 'endraw'")
    }

    /// The lengths of a lone word with the space around it, and of the `%}` that follows.
    private func word(_ word: String, at start: Int) -> (body: Int, end: Int)? {
        var index = start
        while let next = scalar(index), isSpace(next) { index += 1 }
        for letter in word.unicodeScalars {
            guard scalar(index) == letter else { return nil }
            index += 1
        }
        while let next = scalar(index), isSpace(next) { index += 1 }
        return closing("%", at: index).map { (index - start, $0) }
    }

    /// The length of a tag's end here: 2, or 3 with a sign.
    private func closing(_ mark: Unicode.Scalar, at index: Int) -> Int? {
        let signed = scalar(index) == "-" || (scalar(index) == "+" && mark != "}")
        let first = signed ? index + 1 : index
        guard scalar(first) == mark, scalar(first + 1) == "}" else { return nil }
        return signed ? 3 : 2
    }

    /// Steps over a tag's end and the white space it takes with it.
    private mutating func close(_ mark: Unicode.Scalar, length: Int, trimsLine: Bool = true) {
        let sign = scalars[offset]
        advance(to: offset + length)
        if length == 3 && sign == "-" {
            while let next = scalar(offset), isSpace(next) { advance(to: offset + 1) }
        } else if trimsLine && length == 2 && mark != "}" && scalar(offset) == "\n" {
            advance(to: offset + 1)
        }
        atLineStart = offset > 0 && scalars[offset - 1] == "\n"
    }

    /// The tokens inside a tag, up to its end.
    private mutating func code(closing mark: Unicode.Scalar) throws(TemplateError) {
        let begin = line
        var open: [Unicode.Scalar] = []
        while let next = scalar(offset) {
            if isSpace(next) {
                advance(to: offset + 1)
            } else if open.isEmpty, let length = closing(mark, at: offset) {
                add(mark == "%" ? .blockEnd : .outputEnd)
                close(mark, length: length)
                return
            } else if isNameStart(next) {
                try name()
            } else if ("0"..."9").contains(next) {
                try number()
            } else if next == "'" || next == "\"" {
                try string(quote: next)
            } else {
                try symbol(&open)
            }
        }
        throw TemplateError(code: .syntax, line: begin, message: "a tag has no '\(mark)}'")
    }

    private static let pairs: Set<String> = ["**", "//", "==", "!=", "<=", ">="]
    private static let singles: Set<Unicode.Scalar> = [
        "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ".", ":", "|",
    ]

    private mutating func symbol(_ open: inout [Unicode.Scalar]) throws(TemplateError) {
        let first = scalars[offset]
        if let second = scalar(offset + 1), Self.pairs.contains("\(first)\(second)") {
            add(.symbol("\(first)\(second)"))
            advance(to: offset + 2)
            return
        }
        guard Self.singles.contains(first) else { throw error("'\(first)' has no meaning here") }
        switch first {
        case "(": open.append(")")
        case "[": open.append("]")
        case "{": open.append("}")
        case ")", "]", "}":
            guard open.popLast() == first else { throw error("'\(first)' closes nothing") }
        default: break
        }
        add(.symbol(String(first)))
        advance(to: offset + 1)
    }

    /// Names are hashed and compared at every use.
    private static let longestName = 256

    private mutating func name() throws(TemplateError) {
        let start = offset
        while let next = scalar(offset), isNameStart(next) || ("0"..."9").contains(next) { offset += 1 }
        if offset - start > Self.longestName {
            throw TemplateError(
                code: .limit, line: line, message: "a name is longer than \(Self.longestName) characters")
        }
        add(.name(text(start..<offset)))
    }

    private mutating func number() throws(TemplateError) {
        let start = offset
        func digits() {
            while let next = scalar(offset), ("0"..."9").contains(next) || next == "_" { offset += 1 }
        }
        var isFloat = false
        digits()
        // After a dot it is an index, as in `a.0.1`.
        if scalar(offset) == ".", tokens.last?.kind != .symbol("."), let next = scalar(offset + 1),
            ("0"..."9").contains(next)
        {
            isFloat = true
            offset += 1
            digits()
        }
        if let mark = scalar(offset), mark == "e" || mark == "E" {
            let signed = scalar(offset + 1) == "-" || scalar(offset + 1) == "+"
            if let next = scalar(offset + (signed ? 2 : 1)), ("0"..."9").contains(next) {
                isFloat = true
                offset += signed ? 2 : 1
                digits()
            }
        }
        let written = text(start..<offset).filter { $0 != "_" }
        if isFloat, let value = Double(written) {
            add(.float(value))
        } else if let value = Int(written) {
            add(.integer(value))
        } else {
            throw error("the number \(written) is too large")
        }
    }

    private mutating func string(quote: Unicode.Scalar) throws(TemplateError) {
        let begin = line
        advance(to: offset + 1)
        var result = ""
        while let next = scalar(offset) {
            advance(to: offset + 1)
            if next == quote {
                tokens.append(Token(kind: .string(result), line: begin))
                return
            }
            if next == "\\" { escape(into: &result) } else { result.unicodeScalars.append(next) }
        }
        throw TemplateError(code: .syntax, line: begin, message: "a text has no closing \(quote)")
    }

    func scalar(_ index: Int) -> Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    func text(_ range: Range<Int>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars[range])
        return text
    }

    mutating func advance(to end: Int) {
        for index in offset..<min(end, scalars.count) where scalars[index] == "\n" { line += 1 }
        offset = min(end, scalars.count)
    }

    private mutating func add(_ kind: Token.Kind) { tokens.append(Token(kind: kind, line: line)) }

    /// Adds the text of a range and moves to its end.
    private mutating func addText(_ range: Range<Int>) {
        if !range.isEmpty { add(.text(text(range))) }
        advance(to: range.upperBound)
    }

    private func error(_ message: String) -> TemplateError {
        TemplateError(code: .syntax, line: line, message: message)
    }

    private func isNameStart(_ scalar: Unicode.Scalar) -> Bool { scalar == "_" || scalar.properties.isAlphabetic }
}

/// Python's `str.isspace`.
func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1c...0x1f).contains(scalar.value)
}
