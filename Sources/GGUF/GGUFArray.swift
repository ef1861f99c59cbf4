package import Formats

/// An array of metadata values, left in the file's bytes until it is asked for.
///
/// The bytes were checked when the file was opened: every element is whole and of the array's type.
package struct GGUFArray: Sendable, Hashable {
    /// The type of every element.
    package let elementType: GGUFValueType
    /// How many elements there are.
    package let count: Int
    /// The elements as in the file, little-endian, without the array's own header.
    package let bytes: MappedBytes

    /// Takes over bytes that have been checked to hold `count` elements.
    init(elementType: GGUFValueType, count: Int, bytes: MappedBytes) {
        self.elementType = elementType
        self.count = count
        self.bytes = bytes
    }

    /// An array of texts.
    package init(_ strings: [String]) {
        var encoded: [UInt8] = []
        for string in strings { encoded.append(string: string) }
        self.init(elementType: .string, count: strings.count, bytes: MappedBytes(copying: encoded))
    }

    /// An array of int32.
    package init(_ integers: [Int32]) {
        self.init(elementType: .int32, fixed: integers.map { UInt32(bitPattern: $0) })
    }

    /// An array of uint32.
    package init(_ integers: [UInt32]) {
        self.init(elementType: .uint32, fixed: integers)
    }

    /// An array of float32.
    package init(_ floats: [Float]) {
        self.init(elementType: .float32, fixed: floats.map(\.bitPattern))
    }

    /// An array of truth values.
    package init(_ bools: [Bool]) {
        self.init(elementType: .bool, fixed: bools.map { $0 ? UInt8(1) : 0 })
    }

    private init(elementType: GGUFValueType, fixed: [some FixedWidthInteger]) {
        var encoded: [UInt8] = []
        for value in fixed { encoded.append(littleEndian: value) }
        self.init(elementType: elementType, count: fixed.count, bytes: MappedBytes(copying: encoded))
    }

    /// The texts, nil when the elements are no strings; anything that is not UTF-8 is replaced.
    package var strings: [String]? {
        guard elementType == .string else { return nil }
        var result: [String] = []
        result.reserveCapacity(count)
        forEachStringBytes { result.append(String(decoding: $0, as: UTF8.self)) }
        return result
    }

    /// Calls `body` with the bytes of each string in order, without copying any; does nothing for other types.
    ///
    /// The bytes must not be used after `body` returns.
    /// - Throws: what `body` throws, which ends the walk.
    package func forEachStringBytes<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        guard elementType == .string else { return }
        try bytes.withUnsafeBytes { (raw: UnsafeRawBufferPointer) throws(E) in
            var position = 0
            for _ in 0..<count {
                let length = Int(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
                position += 8
                try body(UnsafeRawBufferPointer(rebasing: raw[position..<position + length]))
                position += length
            }
        }
    }

    /// The values of any integer type, nil for other types and when one does not fit.
    package var integers: [Int]? {
        switch elementType {
        case .uint8: fixed(UInt8.self) { Int($0) }
        case .int8: fixed(Int8.self) { Int($0) }
        case .uint16: fixed(UInt16.self) { Int($0) }
        case .int16: fixed(Int16.self) { Int($0) }
        case .uint32: fixed(UInt32.self) { Int(exactly: $0) }
        case .int32: fixed(Int32.self) { Int($0) }
        case .uint64: fixed(UInt64.self) { Int(exactly: $0) }
        case .int64: fixed(Int64.self) { Int(exactly: $0) }
        default: nil
        }
    }

    /// The values of any number type rounded to float32, nil for other types.
    package var floats: [Float]? {
        switch elementType {
        case .float32: fixed(UInt32.self) { Float(bitPattern: $0) }
        case .float64: fixed(UInt64.self) { Float(Double(bitPattern: $0)) }
        case .uint64: fixed(UInt64.self) { Float($0) }
        default: integers.map { $0.map { Float($0) } }
        }
    }

    /// The truth values, nil for other types.
    package var bools: [Bool]? {
        elementType == .bool ? fixed(UInt8.self) { $0 != 0 } : nil
    }

    private func fixed<T: FixedWidthInteger, R>(_: T.Type, _ convert: (T) -> R?) -> [R]? {
        bytes.withUnsafeBytes { raw in
            var result: [R] = []
            result.reserveCapacity(count)
            for index in 0..<count {
                let value = raw.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
                guard let converted = convert(T(littleEndian: value)) else { return nil }
                result.append(converted)
            }
            return result
        }
    }
}

extension GGUFArray {
    /// The first values (at most `limit`), each as a value of its own; for showing an array to people.
    package func elements(limit: Int = .max) -> [GGUFValue] {
        bytes.withUnsafeBytes { raw in
            var cursor = GGUFCursor(raw)
            var result: [GGUFValue] = []
            for _ in 0..<min(count, max(limit, 0)) {
                // The bytes were checked when the file was opened, so reading them again cannot fail.
                guard let value = try? cursor.value(of: elementType, in: bytes, key: "", depth: 0) else { break }
                result.append(value)
            }
            return result
        }
    }
}
