/// Python's `text % values`, as printf writes (Python documentation, "printf-style String Formatting").
extension Evaluator {
    /// One place of a format that a value goes to.
    private struct Place {
        /// The key of the value in a dictionary.
        var key: String?
        var isLeft = false
        var isZeroPadded = false
        var width = 0
        var number = NumberFormat(form: "d")
        var conversion: Unicode.Scalar = "s"
    }

    /// The values, taken one after the other.
    private struct Values {
        let values: [Value]
        /// The dictionary that places with a key ask.
        let mapping: ValueMapping?
        /// Whether values may be left over.
        let isLoose: Bool
        var next = 0

        init(_ value: Value) {
            values =
                if case .list(let list) = value, list.isTuple { list.elements } else { [value] }
            mapping = if case .mapping(let mapping) = value { mapping } else { nil }
            isLoose =
                switch value {
                case .list(let list): !list.isTuple
                case .mapping, .undefined: true
                default: false
                }
        }
    }

    func formatted(_ format: String, percent value: Value, _ line: Int) throws(TemplateError) -> Value {
        try charge(.examined, format, line)
        let scalars = Array(format.unicodeScalars)
        var values = Values(value)
        var usesKeys = false
        var writer = ValueWriter(account: account, limit: limits.outputBytes, line: line)
        var index = 0
        while index < scalars.count {
            let start = index
            while index < scalars.count, scalars[index] != "%" { index += 1 }
            if index > start { try writer.write(String(String.UnicodeScalarView(scalars[start..<index]))) }
            guard index < scalars.count else { break }
            index += 1
            try charge(4, line)
            let place = try place(scalars, &index, &values, line)
            if place.conversion == "%" {
                try writer.write("%")
            } else if let key = place.key {
                usesKeys = true
                try writer.write(try text(of: try keyed(key, values, line), place, line))
            } else {
                try writer.write(try text(of: try next(&values, line), place, line))
            }
        }
        guard usesKeys || values.isLoose || values.next == values.values.count else {
            throw TemplateError(code: .type, line: line, message: "'%' has more values than places for them")
        }
        return .string(writer.output)
    }

    private func keyed(_ key: String, _ values: Values, _ line: Int) throws(TemplateError) -> Value {
        guard let mapping = values.mapping else {
            throw TemplateError(code: .type, line: line, message: "'%(\(Self.shown(key)))' needs a dictionary")
        }
        try account.charge(bytes: 2 * key.utf8.count, .passed, line)
        guard let value = mapping[key] else {
            throw TemplateError(code: .type, line: line, message: "'%' has no value for '\(Self.shown(key))'")
        }
        return value
    }

    private func next(_ values: inout Values, _ line: Int) throws(TemplateError) -> Value {
        guard values.next < values.values.count else {
            throw TemplateError(code: .type, line: line, message: "'%' has fewer values than places for them")
        }
        values.next += 1
        return values.values[values.next - 1]
    }

    /// What stands between a `%` and its conversion, with that.
    private func place(
        _ scalars: [Unicode.Scalar], _ index: inout Int, _ values: inout Values, _ line: Int
    ) throws(TemplateError) -> Place {
        var place = Place()
        func current() -> Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
        if current() == "(" {
            let start = index + 1
            var open = 0
            repeat {
                if current() == "(" { open += 1 } else if current() == ")" { open -= 1 }
                index += 1
            } while open > 0 && index < scalars.count
            guard open == 0 else { throw unfinished(line) }
            place.key = String(String.UnicodeScalarView(scalars[start..<index - 1]))
        }
        flags: while let flag = current() {
            switch flag {
            case "-": place.isLeft = true
            case "0": place.isZeroPadded = true
            case "+": place.number.sign = .plus
            case " ": if place.number.sign == .none { place.number.sign = .space }
            case "#": place.number.isAlternate = true
            default: break flags
            }
            index += 1
        }
        let width = try count(scalars, &index, &values, line) ?? 0
        if width < 0 { place.isLeft = true }
        place.width = abs(width)
        if current() == "." {
            index += 1
            place.number.precision = max(0, try count(scalars, &index, &values, line) ?? 0)
        }
        if let length = current(), ["h", "l", "L"].contains(length) { index += 1 }
        guard let conversion = current() else { throw unfinished(line) }
        index += 1
        place.conversion = conversion
        return place
    }

    /// A width or precision: digits, or `*` for the next value.
    private func count(
        _ scalars: [Unicode.Scalar], _ index: inout Int, _ values: inout Values, _ line: Int
    ) throws(TemplateError) -> Int? {
        let count: Int?
        if index < scalars.count, scalars[index] == "*" {
            index += 1
            guard let number = try next(&values, line).asInteger else {
                throw TemplateError(code: .type, line: line, message: "'*' takes a whole number")
            }
            count = number
        } else {
            count = digits(scalars, &index)
        }
        if let count { try checkWidth(count, line) }
        return count
    }

    private func unfinished(_ line: Int) -> TemplateError {
        TemplateError(code: .type, line: line, message: "a format ends within a place")
    }

    /// The text of a value in its place.
    private func text(of value: Value, _ place: Place, _ line: Int) throws(TemplateError) -> String {
        var number = place.number
        number.form = place.conversion == "i" || place.conversion == "u" ? "d" : place.conversion
        let parts: NumberFormat.Parts
        switch place.conversion {
        case "s", "r", "a":
            let text = try converted(value, by: place.conversion, line)
            return try padded(
                ("", try cut(text, to: place.number.precision, line)), to: place.width,
                place.isLeft ? .left(" ") : .right(" "), line)
        case "c":
            return try padded(
                ("", try character(value, line)), to: place.width, place.isLeft ? .left(" ") : .right(" "), line)
        case "d", "i", "u":
            if case .float(let float) = value, abs(float) < 0x1p62 {
                parts = number.parts(Int(float))
            } else {
                parts = try wholeParts(number, value, line)
            }
        case "x", "X", "o": parts = try wholeParts(number, value, line)
        case "e", "E", "f", "F", "g", "G": parts = try floatParts(number, value, line)
        default:
            throw TemplateError(
                code: .type, line: line, message: "'%\(place.conversion)' is no conversion of '%'")
        }
        return try padded(
            parts, to: place.width, place.isLeft ? .left(" ") : place.isZeroPadded ? .inner("0") : .right(" "), line)
    }

    /// A character by its number, or one as it is.
    func character(_ value: Value, _ line: Int) throws(TemplateError) -> String {
        if case .string(let text) = value, text.utf8.count <= 4, text.unicodeScalars.count == 1 { return text }
        guard let code = value.asInteger, let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else {
            throw TemplateError(
                code: .type, line: line,
                message: "'c' takes a character or its number, not a value of type \(value.typeName)")
        }
        return String(scalar)
    }
}
