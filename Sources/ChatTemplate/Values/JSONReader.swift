/// Why a text is no JSON.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The byte, counted from 0.
    package let offset: Int
    /// The cause.
    package let message: String

    /// The cause with its place.
    package var description: String { "\(message) at byte \(offset)" }
}

extension Value {
    /// Reads JSON (RFC 8259) and keeps the order of keys, which templates show. Whole numbers beyond `Int` become floats; lists and
    /// objects nest at most 100 deep.
    /// - Throws: `JSONError` with the byte offset.
    package init(json bytes: some Collection<UInt8>) throws(JSONError) {
        var reader = JSONReader(bytes: Array(bytes))
        self = try reader.document()
    }

    /// Reads JSON from a text.
    /// - Throws: `JSONError` with the byte offset.
    package init(json text: String) throws(JSONError) { try self.init(json: text.utf8) }
}

struct JSONReader {
    let bytes: [UInt8]
    private var offset = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONError) -> Value {
        let value = try value(depth: 0)
        skipSpace()
        if offset < bytes.count { throw error("something follows the value") }
        return value
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private func error(_ message: String) -> JSONError { JSONError(offset: offset, message: message) }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard current == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> Value {
        if depth > NestingLimit.value { throw error("lists and objects nest deeper than \(NestingLimit.value)") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw error("the text ends where a value is expected")
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: Value) throws(JSONError) -> Value {
        guard bytes[offset...].starts(with: word.utf8) else { throw error("a value is expected") }
        offset += word.utf8.count
        return value
    }

    private mutating func array(depth: Int) throws(JSONError) -> Value {
        offset += 1
        var elements: [Value] = []
        if take("]") { return .array([]) }
        while true {
            elements.append(try value(depth: depth + 1))
            if take("]") { return .array(elements) }
            guard take(",") else { throw error("',' or ']' is expected") }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> Value {
        offset += 1
        var mapping = ValueMapping()
        if take("}") { return .mapping(mapping) }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw error("a key in quotes is expected") }
            let key = try string()
            guard take(":") else { throw error("':' is expected") }
            mapping[key] = try value(depth: depth + 1)
            if take("}") { return .mapping(mapping) }
            guard take(",") else { throw error("',' or '}' is expected") }
        }
    }

    private mutating func string() throws(JSONError) -> String {
        offset += 1
        var text: [UInt8] = []
        while let byte = current {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let result = String(validating: text, as: UTF8.self) else { throw error("a text is not UTF-8") }
                return result
            case UInt8(ascii: "\\"): text.append(contentsOf: Array(String(try escape()).utf8))
            case 0..<0x20: throw error("a text has an unescaped control character")
            default: text.append(byte)
            }
        }
        throw error("a text has no closing quote")
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        guard let byte = current else { throw error("a text has no closing quote") }
        offset += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"):
            let unit = try hexadecimalUnit()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            // A high surrogate needs its low one; one alone stands for nothing.
            let rest = bytes[offset...].prefix(2)
            if (0xd800..<0xdc00).contains(unit), rest.elementsEqual("\\u".utf8) {
                let before = offset
                offset += 2
                let low = try hexadecimalUnit()
                if (0xdc00..<0xe000).contains(low),
                    let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xd800) << 10 + (UInt32(low) - 0xdc00))
                {
                    return scalar
                }
                offset = before
            }
            return "\u{fffd}"
        default: throw error("a text has an unknown escape")
        }
    }

    private mutating func hexadecimalUnit() throws(JSONError) -> UInt16 {
        let digits = bytes[offset...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("\\u needs four hexadecimal digits") }
        offset += 4
        return unit
    }

    private mutating func number() throws(JSONError) -> Value {
        let start = offset
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { (48...57).contains($0) } ?? false }
        var isWhole = true
        if current == UInt8(ascii: "-") { offset += 1 }
        guard isDigit(current) else { throw error("a value is expected") }
        if current == UInt8(ascii: "0") { offset += 1 } else { while isDigit(current) { offset += 1 } }
        if current == UInt8(ascii: ".") {
            isWhole = false
            offset += 1
            guard isDigit(current) else { throw error("a digit is expected") }
            while isDigit(current) { offset += 1 }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isWhole = false
            offset += 1
            if current == UInt8(ascii: "-") || current == UInt8(ascii: "+") { offset += 1 }
            guard isDigit(current) else { throw error("a digit is expected") }
            while isDigit(current) { offset += 1 }
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isWhole, let integer = Int(text) { return .integer(integer) }
        return .float(Double(text) ?? .nan)
    }
}
