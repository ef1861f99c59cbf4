/// Where a text that is shorter than its place stands in it, and what fills the rest.
enum Padding: Sendable {
    case left(Unicode.Scalar)
    case right(Unicode.Scalar)
    case centre(Unicode.Scalar)
    /// Between a number's sign and its digits.
    case inner(Unicode.Scalar)
}

/// Writing values into places of a width, which `%`, `format` and methods share.
extension Evaluator {
    /// The text of some parts, as wide as asked for.
    func padded(
        _ parts: NumberFormat.Parts, to width: Int, _ padding: Padding, _ line: Int
    ) throws(TemplateError) -> String {
        let text = parts.prefix + parts.body
        try charge(.passed, text, line)
        let missing = max(0, width - text.unicodeScalars.count)
        switch padding {
        case .left(let fill): return text + (try filling(fill, missing, line))
        case .right(let fill): return try filling(fill, missing, line) + text
        case .centre(let fill):
            return try filling(fill, missing / 2, line) + text + filling(fill, missing - missing / 2, line)
        case .inner(let fill): return try parts.prefix + filling(fill, missing, line) + parts.body
        }
    }

    private func filling(_ fill: Unicode.Scalar, _ count: Int, _ line: Int) throws(TemplateError) -> String {
        if count == 0 { return "" }
        try checkWidth(count, line)
        try chargeText(count * UTF8.width(fill), line)
        return String(repeating: String(fill), count: count)
    }

    /// Counts the making of a text of that width, before it.
    func checkWidth(_ count: Int, _ line: Int) throws(TemplateError) {
        try chargeText(Int(min(count.magnitude, UInt(Int.max))), line)
    }

    /// The first so many characters.
    func cut(_ text: String, to count: Int?, _ line: Int) throws(TemplateError) -> String {
        guard let count else { return text }
        try charge(.written, text, line)
        return String(Substring(text.unicodeScalars.prefix(max(0, count))))
    }

    /// Takes digits; a number of too many is as large as there are.
    func digits(_ scalars: [Unicode.Scalar], _ index: inout Int) -> Int? {
        let start = index
        var count = 0
        while index < scalars.count, ("0"..."9").contains(scalars[index]) {
            count = count < Int.max / 20 ? count * 10 + Int(scalars[index].value - 0x30) : .max / 10
            index += 1
        }
        return index > start ? count : nil
    }

    /// A value by Python's `str`, `repr` or `ascii`.
    func converted(_ value: Value, by conversion: Unicode.Scalar, _ line: Int) throws(TemplateError) -> String {
        if conversion == "s" { return try printed(value, line) }
        var writer = ValueWriter(account: account, limit: limits.outputBytes, line: line)
        try writer.writeRepresentation(value)
        if conversion == "r" { return writer.output }
        let text = writer.output
        try charge(.examined, text, line)
        writer = ValueWriter(account: account, limit: limits.outputBytes, line: line)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case ..<0x80: try writer.write(String(scalar))
            case ..<0x100: try writer.write("\\x" + hexadecimal(scalar.value, digits: 2))
            case ..<0x10000: try writer.write("\\u" + hexadecimal(scalar.value, digits: 4))
            default: try writer.write("\\U" + hexadecimal(scalar.value, digits: 8))
            }
        }
        return writer.output
    }

    /// A whole number as a format writes it.
    func wholeParts(_ format: NumberFormat, _ value: Value, _ line: Int) throws(TemplateError) -> NumberFormat.Parts {
        guard let number = value.asInteger else {
            throw TemplateError(
                code: .type, line: line,
                message: "the form '\(format.form)' takes whole numbers, not a value of type \(value.typeName)")
        }
        return format.parts(number)
    }

    /// A floating-point number as a format writes it.
    func floatParts(_ format: NumberFormat, _ value: Value, _ line: Int) throws(TemplateError) -> NumberFormat.Parts {
        guard let number = value.asFloat else {
            throw TemplateError(
                code: .type, line: line,
                message: "the form '\(format.form)' takes numbers, not a value of type \(value.typeName)")
        }
        // The further from 1, the more digits it has.
        try charge(16 + abs(Int(number.exponentBitPattern) - 1023) / 4, line)
        return format.parts(number)
    }

    /// `ljust`, `rjust`, `center` and `zfill`.
    func aligned(
        _ text: String, by name: String, _ arguments: CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        guard let wanted = (arguments.value(0, "width") ?? .integer(80)).asInteger else {
            throw TemplateError(code: .type, line: line, message: "'\(name)' needs a width")
        }
        let width = max(0, wanted)
        let fill = try arguments.value(1, "fillchar").map { value throws(TemplateError) in try character(value, line) }
        let scalar = fill?.unicodeScalars.first ?? " "
        switch name {
        case "ljust": return .string(try padded(("", text), to: width, .left(scalar), line))
        case "rjust": return .string(try padded(("", text), to: width, .right(scalar), line))
        case "zfill":
            try charge(.written, text, line)
            let sign = text.unicodeScalars.prefix { $0 == "-" || $0 == "+" }.prefix(1)
            let digits = text.unicodeScalars[sign.endIndex...]
            return .string(
                try padded((String(Substring(sign)), String(Substring(digits))), to: width, .inner("0"), line))
        default:
            try charge(.passed, text, line)
            let missing = max(0, width - text.unicodeScalars.count)
            // Python puts the odd one before a text of even width, and behind one of odd width.
            let before = missing / 2 + (missing & width & 1)
            try checkWidth(missing, line)
            return .string(
                try filling(scalar, before, line) + text + filling(scalar, missing - before, line))
        }
    }
}
