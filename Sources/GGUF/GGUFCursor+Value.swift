import Formats

extension GGUFCursor {
    /// How deep arrays may lie in arrays; the files in use never nest them, the format allows it.
    static let maximumArrayDepth = 4

    /// The next value, of the type that the file gave before it.
    ///
    /// - Parameter source: the bytes that the cursor walks, of which arrays keep a part.
    mutating func value(
        of type: GGUFValueType, in source: MappedBytes, key: String, depth: Int
    ) throws(GGUFError) -> GGUFValue {
        switch type {
        case .uint8: return .uint8(try integer(Self.valueName(key)))
        case .int8: return .int8(try integer(Self.valueName(key)))
        case .uint16: return .uint16(try integer(Self.valueName(key)))
        case .int16: return .int16(try integer(Self.valueName(key)))
        case .uint32: return .uint32(try integer(Self.valueName(key)))
        case .int32: return .int32(try integer(Self.valueName(key)))
        case .uint64: return .uint64(try integer(Self.valueName(key)))
        case .int64: return .int64(try integer(Self.valueName(key)))
        case .float32: return .float32(Float(bitPattern: try integer(Self.valueName(key))))
        case .float64: return .float64(Double(bitPattern: try integer(Self.valueName(key))))
        case .bool: return .bool(try bool(key: key))
        case .string: return .string(try string(Self.valueName(key)))
        case .array: return .array(try array(in: source, key: key, depth: depth))
        }
    }

    /// The next type number; `key` names the metadata entry it belongs to.
    mutating func valueType(key: String) throws(GGUFError) -> GGUFValueType {
        let start = position
        let number = try integer("the type of metadata key \(key)", as: UInt32.self)
        guard let type = GGUFValueType(rawValue: number) else {
            throw error(
                .unknownValueType, at: start, "metadata key \(key) has the unknown type number \(number)",
                mend: "the file is damaged or newer than this program, download it again or update the program")
        }
        return type
    }

    private mutating func bool(key: String) throws(GGUFError) -> Bool {
        let start = position
        let byte = try integer(Self.valueName(key), as: UInt8.self)
        guard byte <= 1 else {
            throw error(
                .invalidValue, at: start, "\(Self.valueName(key)) is a truth value of \(byte), allowed are 0 and 1",
                mend: GGUFError.downloadAgain)
        }
        return byte == 1
    }

    private mutating func array(in source: MappedBytes, key: String, depth: Int) throws(GGUFError) -> GGUFArray {
        let (type, count) = try arrayHeader(key: key, depth: depth)
        let start = position
        try skipElements(of: type, count: count, key: key, depth: depth)
        guard let slice = source.slice(offset: start, count: position - start) else {
            throw truncated(missing: position - source.count, Self.valueName(key))
        }
        return GGUFArray(elementType: type, count: count, bytes: slice)
    }

    private mutating func arrayHeader(key: String, depth: Int) throws(GGUFError) -> (GGUFValueType, Int) {
        guard depth < Self.maximumArrayDepth else {
            throw error(
                .nestedTooDeeply, at: position,
                "metadata key \(key) nests arrays deeper than \(Self.maximumArrayDepth) levels",
                mend: GGUFError.downloadAgain)
        }
        let type = try valueType(key: key)
        let count = try count(
            minimumByteCount: type.minimumByteCount, "the number of elements of metadata key \(key)")
        return (type, count)
    }

    /// Walks over elements, checking each, so that they can be read later without a check.
    private mutating func skipElements(
        of type: GGUFValueType, count: Int, key: String, depth: Int
    ) throws(GGUFError) {
        switch type {
        case .string:
            for _ in 0..<count { _ = try stringRange("a string of metadata key \(key)") }
        case .array:
            for _ in 0..<count {
                let (inner, innerCount) = try arrayHeader(key: key, depth: depth + 1)
                try skipElements(of: inner, count: innerCount, key: key, depth: depth + 1)
            }
        case .bool:
            for _ in 0..<count { _ = try bool(key: key) }
        default:
            // The count was held against the remaining bytes, so the product cannot overflow.
            _ = try skip(count * type.minimumByteCount, Self.valueName(key))
        }
    }

    private static func valueName(_ key: String) -> String { "the value of metadata key \(key)" }
}
