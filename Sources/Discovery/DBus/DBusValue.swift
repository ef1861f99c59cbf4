/// A value of D-Bus, of the types that Avahi's interface has (D-Bus Specification, "Type System").
package indirect enum DBusValue: Sendable, Hashable {
    case byte(UInt8)
    case bool(Bool)
    case uint16(UInt16)
    case int32(Int32)
    case uint32(UInt32)
    case string(String)
    case path(String)
    case signature(String)
    case bytes([UInt8])
    case array(of: String, [DBusValue])
    case structure([DBusValue])
    case variant(DBusValue)

    /// The type as the specification writes it.
    package var signature: String {
        switch self {
        case .byte: "y"
        case .bool: "b"
        case .uint16: "q"
        case .int32: "i"
        case .uint32: "u"
        case .string: "s"
        case .path: "o"
        case .signature: "g"
        case .bytes: "ay"
        case .array(let element, _): "a\(element)"
        case .structure(let fields): "(\(fields.map(\.signature).joined()))"
        case .variant: "v"
        }
    }
}

/// The complete types that a signature is made of.
struct DBusSignature {
    /// The specification's bound.
    private static let mostBytes = 255
    /// Containers within each other; the specification allows more, Avahi uses three.
    static let mostDepth = 8

    /// The types one after the other; `nil` for a signature with a type that is not among them, or that is not whole.
    static func types(_ text: String) -> [String]? {
        guard text.utf8.count <= mostBytes else { return nil }
        var rest = Array(text.utf8)[...]
        var types: [String] = []
        while !rest.isEmpty {
            guard let length = length(rest, depth: 0) else { return nil }
            types.append(String(decoding: rest.prefix(length), as: UTF8.self))
            rest = rest.dropFirst(length)
        }
        return types
    }

    private static func length(_ text: ArraySlice<UInt8>, depth: Int) -> Int? {
        guard let first = text.first, depth < mostDepth else { return nil }
        switch first {
        case UInt8(ascii: "a"): return length(text.dropFirst(), depth: depth + 1).map { $0 + 1 }
        case UInt8(ascii: "("):
            var count = 1
            while let next = text.dropFirst(count).first, next != UInt8(ascii: ")") {
                guard let length = length(text.dropFirst(count), depth: depth + 1) else { return nil }
                count += length
            }
            return text.count > count && count > 1 ? count + 1 : nil
        default: return "ybqiusogv".utf8.contains(first) ? 1 : nil
        }
    }
}
