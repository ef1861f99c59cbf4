extension OrderedJSON {
    /// Levels of arrays and objects that are read.
    package static let maximumDepth = 100

    /// Reads JSON (RFC 8259).
    /// - Throws: `GrammarError` (syntax) with the byte.
    package init(json bytes: some Collection<UInt8>) throws(GrammarError) {
        var reader = OrderedJSONReader(bytes: Array(bytes))
        self = try reader.document()
    }

    /// Reads JSON from a text.
    package init(json text: String) throws(GrammarError) { try self.init(json: text.utf8) }
}

private struct OrderedJSONReader {
    let bytes: [UInt8]
    private var offset = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(GrammarError) -> OrderedJSON {
        let value = try value(depth: 0)
        skipSpace()
        if offset < bytes.count { throw error("something follows the value") }
        return value
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private func error(_ message: String) -> GrammarError {
        GrammarError(.syntax, "this is no JSON: \(message), at byte \(offset)")
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard current == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func value(depth: Int) throws(GrammarError) -> OrderedJSON {
        guard depth <= OrderedJSON.maximumDepth else {
            throw error("it nests more than \(OrderedJSON.maximumDepth) levels deep")
        }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"):
            offset += 1
            var properties: [OrderedJSON.Property] = []
            if take("}") { return .object([]) }
            while true {
                skipSpace()
                guard current == JSONText.quote else { throw error("a name in quotes is expected") }
                let name = try string()
                guard take(":") else { throw error("\":\" is expected") }
                properties.append(.init(name, try value(depth: depth + 1)))
                if take("}") { return .object(properties) }
                guard take(",") else { throw error("\",\" or \"}\" is expected") }
            }
        case UInt8(ascii: "["):
            offset += 1
            var elements: [OrderedJSON] = []
            if take("]") { return .array([]) }
            while true {
                elements.append(try value(depth: depth + 1))
                if take("]") { return .array(elements) }
                guard take(",") else { throw error("\",\" or \"]\" is expected") }
            }
        case JSONText.quote: return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: String, _ value: OrderedJSON) throws(GrammarError) -> OrderedJSON {
        guard bytes[offset...].starts(with: word.utf8) else { throw error("a value is expected") }
        offset += word.utf8.count
        return value
    }

    private mutating func number() throws(GrammarError) -> String {
        let start = offset
        if current == UInt8(ascii: "-") { offset += 1 }
        if current == UInt8(ascii: "0") { offset += 1 } else { try digits("a value is expected") }
        if current == UInt8(ascii: ".") {
            offset += 1
            try digits("a digit is expected")
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            offset += 1
            if current == UInt8(ascii: "-") || current == UInt8(ascii: "+") { offset += 1 }
            try digits("a digit is expected")
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func digits(_ message: String) throws(GrammarError) {
        let start = offset
        while let byte = current, (48...57).contains(byte) { offset += 1 }
        if offset == start { throw error(message) }
    }

    private mutating func string() throws(GrammarError) -> String {
        offset += 1
        var text: [UInt8] = []
        while let byte = current {
            offset += 1
            switch byte {
            case JSONText.quote:
                guard let result = String(validating: text, as: UTF8.self) else { throw error("a text is not UTF-8") }
                return result
            case UInt8(ascii: "\\"): text += Array(String(try escape()).utf8)
            case ..<0x20: throw error("a text has a control character")
            default: text.append(byte)
            }
        }
        throw error("a text has no end")
    }

    private mutating func escape() throws(GrammarError) -> Unicode.Scalar {
        guard let letter = current else { throw error("a text has no end") }
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try unit()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            if (0xd800..<0xdc00).contains(unit), bytes[offset...].starts(with: "\\u".utf8) {
                offset += 2
                let low = try self.unit()
                if (0xdc00..<0xe000).contains(low) {
                    let high = (UInt32(unit) - 0xd800) << 10
                    if let scalar = Unicode.Scalar(0x10000 + high + (UInt32(low) - 0xdc00)) { return scalar }
                }
            }
            throw error("half of a surrogate pair stands alone")
        default: throw error("a text has an unknown escape")
        }
    }

    private mutating func unit() throws(GrammarError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw error("\\u needs four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            offset += 1
        }
        return value
    }
}
