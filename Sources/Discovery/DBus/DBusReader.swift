/// Why bytes are no message of D-Bus.
package struct DBusError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Reads values of the little-endian form of the wire; every length is checked before it is used.
struct DBusReader {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func align(_ boundary: Int) throws(DBusError) {
        let aligned = (position + boundary - 1) / boundary * boundary
        guard aligned <= bytes.count else { throw DBusError("it ends too early") }
        position = aligned
    }

    /// - Parameter type: one complete type.
    mutating func value(_ type: String, depth: Int = 0) throws(DBusError) -> DBusValue {
        guard depth < DBusSignature.mostDepth, let first = type.utf8.first else {
            throw DBusError("its values are too deep")
        }
        switch first {
        case UInt8(ascii: "y"): return .byte(try take(1).first ?? 0)
        case UInt8(ascii: "b"): return .bool(try number() != 0)
        case UInt8(ascii: "q"):
            try align(2)
            let pair = Array(try take(2))
            return .uint16(UInt16(pair[0]) | UInt16(pair[1]) << 8)
        case UInt8(ascii: "i"): return .int32(Int32(bitPattern: try number()))
        case UInt8(ascii: "u"): return .uint32(try number())
        case UInt8(ascii: "s"): return .string(try text())
        case UInt8(ascii: "o"): return .path(try text())
        case UInt8(ascii: "g"): return .signature(try signature())
        case UInt8(ascii: "v"):
            let inner = try signature()
            guard DBusSignature.types(inner)?.count == 1 else { throw DBusError("a variant has no type") }
            return .variant(try value(inner, depth: depth + 1))
        case UInt8(ascii: "("):
            try align(8)
            guard let types = DBusSignature.types(String(type.dropFirst().dropLast())) else {
                throw DBusError("a structure has unknown types")
            }
            var fields: [DBusValue] = []
            for type in types { fields.append(try value(type, depth: depth + 1)) }
            return .structure(fields)
        case UInt8(ascii: "a"): return try array(String(type.dropFirst()), depth: depth)
        default: throw DBusError("a value has an unknown type")
        }
    }

    mutating func number() throws(DBusError) -> UInt32 {
        try align(4)
        return try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private mutating func array(_ element: String, depth: Int) throws(DBusError) -> DBusValue {
        let length = Int(try number())
        try align(DBusAlignment.of(element))
        guard length <= bytes.count - position else { throw DBusError("an array is longer than the message") }
        if element == "y" { return .bytes(Array(try take(length))) }
        let end = position + length
        var values: [DBusValue] = []
        while position < end { values.append(try value(element, depth: depth + 1)) }
        guard position == end else { throw DBusError("an array's length is wrong") }
        return .array(of: element, values)
    }

    private mutating func text() throws(DBusError) -> String {
        let length = Int(try number())
        guard length < bytes.count - position else { throw DBusError("a text is longer than the message") }
        return try terminated(length)
    }

    private mutating func signature() throws(DBusError) -> String {
        try terminated(Int(try take(1).first ?? 0))
    }

    private mutating func terminated(_ length: Int) throws(DBusError) -> String {
        let content = try take(length + 1)
        guard content.last == 0, let text = String(validating: content.dropLast(), as: UTF8.self) else {
            throw DBusError("a text is no UTF-8")
        }
        return text
    }

    private mutating func take(_ count: Int) throws(DBusError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw DBusError("it ends too early") }
        defer { position += count }
        return bytes[position..<position + count]
    }
}
