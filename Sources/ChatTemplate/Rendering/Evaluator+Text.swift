/// Text operations that methods and filters share. All work on Unicode scalars, as Python's do, and never on what people see as
/// one character.
extension Evaluator {
    func stripped(_ text: String, _ characters: Set<Unicode.Scalar>?, left: Bool = true, right: Bool = true) -> String {
        func goes(_ scalar: Unicode.Scalar) -> Bool { characters.map { $0.contains(scalar) } ?? isSpace(scalar) }
        var rest = text.unicodeScalars[...]
        if left { while let first = rest.first, goes(first) { rest.removeFirst() } }
        if right { while let last = rest.last, goes(last) { rest.removeLast() } }
        return String(Substring(rest))
    }

    /// What `stripped` leaves, what goes being looked at one by one.
    func trimmed(
        _ text: String, _ characters: Set<Unicode.Scalar>?, left: Bool = true, right: Bool = true, _ line: Int
    ) throws(TemplateError) -> String {
        let rest = stripped(text, characters, left: left, right: right)
        try account.charge(bytes: 4 + text.utf8.count - rest.utf8.count, .examined, line)
        return rest
    }

    func uppercased(_ text: String, _ line: Int) throws(TemplateError) -> String {
        try charge(.written, text, line)
        return text.uppercased()
    }

    func lowercased(_ text: String, _ line: Int) throws(TemplateError) -> String {
        try charge(.written, text, line)
        return text.lowercased()
    }

    /// Python's line boundaries.
    func breaksLine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{b}", "\u{c}", "\u{1c}", "\u{1d}", "\u{1e}", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }

    func lines(of text: String, keepsEnds: Bool) -> [String] {
        var lines: [String] = []
        var current = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where previous == "\r":
                if keepsEnds { lines[lines.count - 1] += "\n" }
            case _ where breaksLine(scalar):
                if keepsEnds { current.append(scalar) }
                lines.append(String(current))
                current = String.UnicodeScalarView()
            default: current.append(scalar)
            }
            previous = scalar
        }
        if !current.isEmpty { lines.append(String(current)) }
        return lines
    }

    func swappedCase(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            result +=
                scalar.properties.isUppercase ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
        }
        return result
    }

    func capitalized(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return "" }
        return first.properties.titlecaseMapping + String(Substring(text.unicodeScalars.dropFirst())).lowercased()
    }

    /// The method `title`, whose words are runs of letters.
    func titled(_ text: String) -> String {
        var result = ""
        var inWord = false
        for scalar in text.unicodeScalars {
            let isLetter = scalar.properties.isCased
            result +=
                isLetter
                ? (inWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping) : String(scalar)
            inWord = isLetter
        }
        return result
    }

    /// The filter `title`, whose words end at spaces, hyphens and opening brackets only.
    func titledWords(_ text: String) -> String {
        var result = ""
        var inWord = false
        for scalar in text.unicodeScalars {
            result += inWord ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
            inWord = !(isSpace(scalar) || ["-", "(", "{", "[", "<"].contains(scalar))
        }
        return result
    }

    func replaced(
        _ text: String, _ old: String, _ new: String, _ count: Int?, _ line: Int
    ) throws(TemplateError) -> Value {
        let limit = count.map { $0 < 0 ? .max : $0 } ?? .max
        if old.isEmpty {
            if new.isEmpty || limit == 0 { return .string(text) }
            throw TemplateError(code: .unsupported, line: line, message: "'replace' of an empty text is not supported")
        }
        let cuts = try occurrences(of: old, in: text, limit: limit, line)
        let growth = new.utf8.count - old.utf8.count
        guard growth <= 0 || cuts.count <= limits.outputBytes / growth else {
            throw TemplateError(code: .limit, line: line, message: "a text grows beyond \(limits.outputBytes) bytes")
        }
        // Made, and made a text of.
        try account.charge(bytes: 2 * (text.utf8.count + max(0, growth) * cuts.count), .written, line)
        try charge(2 * cuts.count, line)
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var start = 0
        for cut in cuts {
            result += bytes[start..<cut]
            result += new.utf8
            start = cut + old.utf8.count
        }
        result += bytes[start...]
        return try self.text(String(decoding: result, as: UTF8.self), line)
    }

    /// The elements' texts with a separator between them.
    func join(_ value: Value, separator: String, _ line: Int) throws(TemplateError) -> Value {
        var writer = ValueWriter(account: account, limit: limits.outputBytes, line: line)
        for (index, element) in try elements(of: value, line).enumerated() {
            try charge(1, line)
            if index > 0 { try writer.write(separator) }
            try writer.writeText(element)
        }
        return .string(writer.output)
    }
}
