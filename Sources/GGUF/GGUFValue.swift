/// One metadata value.
package enum GGUFValue: Sendable, Hashable {
    case uint8(UInt8)
    case int8(Int8)
    case uint16(UInt16)
    case int16(Int16)
    case uint32(UInt32)
    case int32(Int32)
    case uint64(UInt64)
    case int64(Int64)
    case float32(Float)
    case float64(Double)
    case bool(Bool)
    case string(String)
    case array(GGUFArray)

    /// The type as the file names it.
    package var type: GGUFValueType {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .uint16: .uint16
        case .int16: .int16
        case .uint32: .uint32
        case .int32: .int32
        case .uint64: .uint64
        case .int64: .int64
        case .float32: .float32
        case .float64: .float64
        case .bool: .bool
        case .string: .string
        case .array: .array
        }
    }

    /// The type for people: "uint32", or "array of string".
    package var typeName: String {
        if case .array(let array) = self { return "array of \(array.elementType)" }
        return "\(type)"
    }

    /// The value of any integer type, nil for others and for what does not fit.
    package var integer: Int? {
        switch self {
        case .uint8(let value): Int(value)
        case .int8(let value): Int(value)
        case .uint16(let value): Int(value)
        case .int16(let value): Int(value)
        case .uint32(let value): Int(exactly: value)
        case .int32(let value): Int(value)
        case .uint64(let value): Int(exactly: value)
        case .int64(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The value of any number type, rounded to float32; nil for others.
    package var float: Float? {
        switch self {
        case .float32(let value): value
        case .float64(let value): Float(value)
        case .uint64(let value): Float(value)
        default: integer.map { Float($0) }
        }
    }

    /// The text, nil for other types.
    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The truth value, nil for other types.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The array, nil for other types.
    package var array: GGUFArray? {
        if case .array(let value) = self { value } else { nil }
    }
}
