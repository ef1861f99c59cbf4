/// Python's `text.format(...)` (Python documentation, "Format String Syntax").
extension Evaluator {
    /// What `format` is going through.
    private struct Fields {
        let arguments: CallArguments
        /// The place of the next value without a name; nil once fields have numbers.
        var next: Int? = 0
    }

    func formatted(_ format: String, _ arguments: CallArguments, _ line: Int) throws(TemplateError) -> Value {
        try charge(.examined, format, line)
        var fields = Fields(arguments: arguments)
        var writer = ValueWriter(account: account, limit: limits.outputBytes, line: line)
        try write(Array(format.unicodeScalars)[...], &fields, depth: 2, into: &writer)
        return .string(writer.output)
    }

    /// Writes a format, or what stands behind the colon of a field.
    private func write(
        _ format: ArraySlice<Unicode.Scalar>, _ fields: inout Fields, depth: Int, into writer: inout ValueWriter
    ) throws(TemplateError) {
        let line = writer.line
        guard depth > 0 else {
            throw TemplateError(code: .type, line: line, message: "the fields of 'format' nest too deep")
        }
        var rest = format
        while let first = rest.first {
            if first != "{" && first != "}" {
                let text = rest.prefix { $0 != "{" && $0 != "}" }
                try writer.write(String(String.UnicodeScalarView(text)))
                rest = rest.dropFirst(text.count)
                continue
            }
            try charge(4, line)
            rest = rest.dropFirst()
            if rest.first == first {
                try writer.write(String(first))
                rest = rest.dropFirst()
                continue
            }
            guard first == "{", let length = fieldLength(rest) else {
                throw TemplateError(code: .type, line: line, message: "'format' has a single '\(first)'")
            }
            try writer.write(try text(ofField: rest.prefix(length), &fields, depth: depth, line))
            rest = rest.dropFirst(length + 1)
        }
    }

    /// How long a field is up to its `}`.
    private func fieldLength(_ rest: ArraySlice<Unicode.Scalar>) -> Int? {
        var open = 1
        for (length, scalar) in rest.enumerated() {
            if scalar == "{" { open += 1 } else if scalar == "}" { open -= 1 }
            if open == 0 { return length }
        }
        return nil
    }

    /// The text of `name!conversion:specification`.
    private func text(
        ofField field: ArraySlice<Unicode.Scalar>, _ fields: inout Fields, depth: Int, _ line: Int
    ) throws(TemplateError) -> String {
        // An index in brackets may hold any character.
        var end = field.startIndex
        var isInBrackets = false
        while end < field.endIndex, isInBrackets || (field[end] != "!" && field[end] != ":") {
            if field[end] == "[" { isInBrackets = true } else if field[end] == "]" { isInBrackets = false }
            end += 1
        }
        var value = try self.value(ofField: field[..<end], &fields, line)
        if end < field.endIndex, field[end] == "!" {
            guard end + 1 < field.endIndex, end + 2 == field.endIndex || field[end + 2] == ":" else {
                throw TemplateError(code: .type, line: line, message: "after '!' 'format' takes one of s, r, a")
            }
            guard ["s", "r", "a"].contains(field[end + 1]) else {
                throw TemplateError(
                    code: .type, line: line, message: "'!\(field[end + 1])' is no conversion of 'format'")
            }
            value = .string(try converted(value, by: field[end + 1], line))
            end += 2
        }
        guard end < field.endIndex else { return try printed(value, line) }
        var writer = ValueWriter(account: account, limit: 1024, line: line)
        try write(field[(end + 1)...], &fields, depth: depth - 1, into: &writer)
        return try text(of: value, specification: writer.output, line)
    }

    /// The value that a field names, as `0.name[key]`.
    private func value(
        ofField name: ArraySlice<Unicode.Scalar>, _ fields: inout Fields, _ line: Int
    ) throws(TemplateError) -> Value {
        func text(_ part: ArraySlice<Unicode.Scalar>) -> String { String(String.UnicodeScalarView(part)) }
        let first = name.prefix { $0 != "." && $0 != "[" }
        var rest = name.dropFirst(first.count)
        var value = try argument(text(first), &fields, line)
        while let mark = rest.first {
            try charge(1, line)
            rest = rest.dropFirst()
            let part = rest.prefix { mark == "[" ? $0 != "]" : $0 != "." && $0 != "[" }
            rest = rest.dropFirst(part.count)
            if mark == "[" {
                guard rest.popFirst() == "]" else {
                    throw TemplateError(code: .type, line: line, message: "a field of 'format' has no ']'")
                }
            }
            let isIndex = mark == "[" && part.count < 19 && part.allSatisfy { ("0"..."9").contains($0) }
            let key = text(part)
            guard !key.isEmpty, mark == "[" || mark == "." else {
                throw TemplateError(code: .type, line: line, message: "a field of 'format' has an empty name")
            }
            value = try item(isIndex ? Int(key).map { .integer($0) } ?? .string(key) : .string(key), of: value, line)
        }
        return value
    }

    private func argument(_ name: String, _ fields: inout Fields, _ line: Int) throws(TemplateError) -> Value {
        let index: Int
        if name.isEmpty {
            guard let next = fields.next else {
                throw TemplateError(code: .type, line: line, message: "'format' has fields with and without numbers")
            }
            index = next
            fields.next = next + 1
        } else if name.utf8.count < 19, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(name) {
            guard (fields.next ?? 0) == 0 else {
                throw TemplateError(code: .type, line: line, message: "'format' has fields with and without numbers")
            }
            fields.next = nil
            index = number
        } else {
            try charge(fields.arguments.named.count, line)
            guard let value = fields.arguments.named.first(where: { same($0.name, name) })?.value else {
                throw TemplateError(
                    code: .type, line: line, message: "'format' has no value for '\(Self.shown(name))'")
            }
            return value
        }
        guard index < fields.arguments.positional.count else {
            throw TemplateError(code: .type, line: line, message: "'format' has no value number \(index)")
        }
        return fields.arguments.positional[index]
    }
}
