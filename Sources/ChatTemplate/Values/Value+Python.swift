/// Templates follow Python's notion of truth, types and text.
extension Value {
    /// Whether it counts as true.
    var isTrue: Bool {
        switch self {
        case .undefined, .null: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .float(let value): value != 0
        case .string(let value): !value.isEmpty
        case .list(let list): !list.elements.isEmpty
        case .mapping(let mapping): !mapping.keys.isEmpty
        case .reference: true
        }
    }

    var isNull: Bool { if case .null = self { true } else { false } }

    /// Whether it is this text.
    func isText(_ text: String) -> Bool { if case .string(let value) = self { same(value, text) } else { false } }

    /// The text that it is, if any.
    var text: String? { if case .string(let text) = self { text } else { nil } }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// The name of the type in errors.
    var typeName: String {
        switch self {
        case .undefined(let what): "undefined (\(what))"
        case .null: "none"
        case .boolean: "boolean"
        case .integer: "integer"
        case .float: "float"
        case .string: "string"
        case .list(let list): list.isTuple ? "tuple" : "list"
        case .mapping: "mapping"
        case .reference: "function or namespace"
        }
    }

    /// A number, where truth values count as 0 and 1.
    var asInteger: Int? {
        switch self {
        case .integer(let value): value
        case .boolean(let value): value ? 1 : 0
        default: nil
        }
    }

    /// A number as floating point.
    var asFloat: Double? {
        if case .float(let value) = self { value } else { asInteger.map(Double.init) }
    }
}

/// Writes values as Python's `str` and `repr` or as JSON, up to a number of bytes.
struct ValueWriter {
    private(set) var output = ""
    let account: WorkAccount
    let limit: Int
    /// The line of what writes.
    var line: Int

    init(account: WorkAccount, limit: Int, line: Int) {
        self.account = account
        self.limit = limit
        self.line = line
    }

    mutating func write(_ text: String) throws(TemplateError) {
        guard output.utf8.count + text.utf8.count <= limit else {
            throw TemplateError(code: .limit, line: line, message: "a text grows beyond \(limit) bytes")
        }
        try account.charge(bytes: text.utf8.count, .written, line)
        output += text
    }

    /// Counts a value that is looked at, and its text, which is quoted before it is written.
    func charge(_ value: Value) throws(TemplateError) {
        try account.charge(1, line)
        switch value {
        case .string(let text): try account.charge(bytes: text.utf8.count, .written, line)
        case .mapping(let mapping):
            for key in mapping.keys { try account.charge(bytes: 16 + key.utf8.count, .written, line) }
        default: break
        }
    }

    /// As `{{ value }}` prints it.
    mutating func writeText(_ value: Value) throws(TemplateError) {
        switch value {
        case .undefined: break
        case .string(let text): try write(text)
        default: try writeRepresentation(value)
        }
    }

    /// As Python's `repr` writes it inside lists.
    mutating func writeRepresentation(_ value: Value) throws(TemplateError) {
        try charge(value)
        switch value {
        case .undefined: try write("Undefined")
        case .null: try write("None")
        case .boolean(let value): try write(value ? "True" : "False")
        case .integer(let value): try write(String(value))
        case .float(let value): try write(pythonText(value))
        case .string(let text): try write(quoted(text))
        case .reference(let reference): try write("<\(reference)>")
        case .list(let list):
            try write(list.isTuple ? "(" : "[")
            for (index, element) in list.elements.enumerated() {
                if index > 0 { try write(", ") }
                try writeRepresentation(element)
            }
            try write(!list.isTuple ? "]" : list.elements.count == 1 ? ",)" : ")")
        case .mapping(let mapping):
            try write("{")
            for index in mapping.keys.indices {
                if index > 0 { try write(", ") }
                try writeRepresentation(mapping.key(at: index))
                try write(": ")
                try writeRepresentation(mapping.values[index])
            }
            try write("}")
        }
    }

    private func quoted(_ text: String) -> String {
        let quote: Unicode.Scalar =
            text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
        var result = String(quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case quote, "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                result += "\\x" + hexadecimal(scalar.value, digits: 2)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + String(quote)
    }
}

/// Lowercase hexadecimal digits, zero-padded.
func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}
