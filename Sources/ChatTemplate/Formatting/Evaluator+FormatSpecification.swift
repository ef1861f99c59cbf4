/// What stands behind the colon in a field of `format` (Python documentation, "Format Specification Mini-Language").
extension Evaluator {
    private struct Specification {
        var fill: Unicode.Scalar?
        var alignment: Unicode.Scalar?
        /// Whether zeros stand between a number's sign and its digits, unless it is aligned otherwise.
        var isZeroPadded = false
        var width = 0
        var number = NumberFormat(form: "r")
        /// The letter of the form, if one is given.
        var form: Unicode.Scalar?
    }

    /// A value as a specification says; an empty one is as it is printed.
    func text(of value: Value, specification: String, _ line: Int) throws(TemplateError) -> String {
        if specification.isEmpty { return try printed(value, line) }
        let specification = try parsed(specification, line)
        switch value {
        case .string(let text): return try self.text(of: text, specification, line)
        case .integer, .boolean, .float: break
        default:
            throw TemplateError(
                code: .type, line: line,
                message: "'format' takes no specification for a value of type \(value.typeName)")
        }
        var number = specification.number
        if number.separator != nil, case .inner("0") = alignment(specification, isText: false) {
            throw TemplateError(
                code: .unsupported, line: line, message: "zeros before digits in groups are not supported")
        }
        let unsuited = unsuited(specification, value, line)
        let parts: NumberFormat.Parts
        switch specification.form {
        case "c":
            guard number.separator == nil, number.precision == nil, number.sign == .none else { throw unsuited }
            parts = ("", try character(value, line))
        case "b", "o", "x", "X":
            guard number.separator != "," else { throw unsuited }
            number.form = specification.form ?? "d"
            parts = try wholeParts(number, ofInteger: value, line, unsuited)
        case "d":
            number.form = "d"
            parts = try wholeParts(number, ofInteger: value, line, unsuited)
        case "e", "E", "f", "F", "g", "G", "%":
            number.form = specification.form ?? "f"
            parts = try floatParts(number, value, line)
        case "n", nil:
            guard specification.form == nil || number.separator == nil else { throw unsuited }
            if case .float = value {
                if specification.form != nil { number.form = "g" }
                parts = try floatParts(number, value, line)
            } else {
                number.form = "d"
                parts = try wholeParts(number, ofInteger: value, line, unsuited)
            }
        default: throw unsuited
        }
        return try padded(parts, to: specification.width, alignment(specification, isText: false), line)
    }

    private func wholeParts(
        _ format: NumberFormat, ofInteger value: Value, _ line: Int, _ unsuited: TemplateError
    ) throws(TemplateError) -> NumberFormat.Parts {
        guard format.precision == nil else { throw unsuited }
        return try wholeParts(format, value, line)
    }

    private func text(of text: String, _ specification: Specification, _ line: Int) throws(TemplateError) -> String {
        guard specification.form == nil || specification.form == "s", specification.number.sign == .none,
            !specification.number.isAlternate, specification.number.separator == nil,
            specification.alignment != "="
        else { throw unsuited(specification, .string(text), line) }
        return try padded(
            ("", try cut(text, to: specification.number.precision, line)), to: specification.width,
            alignment(specification, isText: true), line)
    }

    private func alignment(_ specification: Specification, isText: Bool) -> Padding {
        let fill = specification.fill ?? " "
        return switch specification.alignment {
        case "<": .left(fill)
        case ">": .right(fill)
        case "^": .centre(fill)
        case "=": .inner(fill)
        default: isText ? .left(fill) : specification.isZeroPadded ? .inner(fill) : .right(fill)
        }
    }

    private func unsuited(_ specification: Specification, _ value: Value, _ line: Int) -> TemplateError {
        TemplateError(
            code: .type, line: line, message: "the specification does not suit a value of type \(value.typeName)")
    }

    /// `[[fill]align][sign][#][0][width][grouping][.precision][type]`
    private func parsed(_ text: String, _ line: Int) throws(TemplateError) -> Specification {
        let scalars = Array(text.unicodeScalars)
        var result = Specification()
        var index = 0
        func current() -> Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
        func takes(_ choices: Set<Unicode.Scalar>) -> Unicode.Scalar? {
            guard let scalar = current(), choices.contains(scalar) else { return nil }
            index += 1
            return scalar
        }
        let alignments: Set<Unicode.Scalar> = ["<", ">", "=", "^"]
        if scalars.count > 1, alignments.contains(scalars[1]) {
            (result.fill, result.alignment) = (scalars[0], scalars[1])
            index = 2
        } else {
            result.alignment = takes(alignments)
        }
        switch takes(["+", "-", " "]) {
        case "+": result.number.sign = .plus
        case " ": result.number.sign = .space
        default: break
        }
        result.number.isAlternate = takes(["#"]) != nil
        if takes(["0"]) != nil {
            if result.fill == nil { result.fill = "0" }
            result.isZeroPadded = true
        }
        result.width = try width(scalars, &index, line) ?? 0
        result.number.separator = takes([",", "_"])
        if current() == "." {
            index += 1
            guard let precision = try width(scalars, &index, line) else {
                throw TemplateError(code: .type, line: line, message: "a specification of 'format' has no precision")
            }
            result.number.precision = precision
        }
        if let form = current() {
            result.form = form
            index += 1
        }
        guard index == scalars.count else {
            throw TemplateError(code: .type, line: line, message: "a specification of 'format' has more than its form")
        }
        return result
    }

    private func width(_ scalars: [Unicode.Scalar], _ index: inout Int, _ line: Int) throws(TemplateError) -> Int? {
        let count = digits(scalars, &index)
        if let count { try checkWidth(count, line) }
        return count
    }
}
