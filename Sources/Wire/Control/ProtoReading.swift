import CWireProto

/// Checked reading of the fields of a protobuf-c message; `field` names them in errors as `message.field`.
enum ProtoReading {
    /// A peer's text as it may be shown anywhere: what would steer a terminal, or end a line, is escaped, and what then is longer than
    /// `limit` is cut.
    ///
    /// - Throws: `WireError` when the text is missing, longer than `limit` bytes or not UTF-8.
    static func text(
        _ pointer: UnsafeMutablePointer<CChar>?, _ field: StaticString, limit: Int
    ) throws(WireError) -> String {
        WireText.cut(try rawText(pointer, field, limit: limit).printable(onOneLine: true), limit: limit)
    }

    /// A text as it came, for who checks its characters.
    ///
    /// - Throws: as `text`.
    static func rawText(
        _ pointer: UnsafeMutablePointer<CChar>?, _ field: StaticString, limit: Int
    ) throws(WireError) -> String {
        guard let pointer else { throw WireError(.valueOutOfRange, "\(field): missing") }
        var length = 0
        while length <= limit, pointer[length] != 0 { length += 1 }
        guard length <= limit else {
            throw WireError(.tooLarge, "\(field): text of more than \(limit) bytes")
        }
        let bytes = UnsafeRawBufferPointer(start: pointer, count: length)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw WireError(.valueOutOfRange, "\(field): not UTF-8")
        }
        return text
    }

    /// The identity in a device's certificate; `nil` where the text is empty.
    ///
    /// - Throws: `WireError` when it is anything but 32 hexadecimal digits in lower case.
    static func identity(
        _ pointer: UnsafeMutablePointer<CChar>?, _ field: StaticString
    ) throws(WireError) -> String? {
        let text = try text(pointer, field, limit: WireLimits.nameBytes)
        if text.isEmpty { return nil }
        guard text.utf8.count == WireLimits.identityDigits,
            text.utf8.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            })
        else { throw WireError(.valueOutOfRange, "\(field): not 32 lower-case hexadecimal digits") }
        return text
    }

    /// A list of identities.
    ///
    /// - Throws: `WireError` when there are more than `limit`, or one is none.
    static func identities(
        _ elements: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int, _ field: StaticString,
        limit: Int
    ) throws(WireError) -> [String] {
        try list(elements, count, field, limit: limit) { (element) throws(WireError) in
            guard let identity = try identity(element, field) else {
                throw WireError(.valueOutOfRange, "\(field): empty")
            }
            return identity
        }
    }

    /// - Throws: `WireError` when the number is not one of the enumeration's cases.
    static func known<Value: RawRepresentable<UInt32>>(
        _ rawValue: UInt32, _ field: StaticString, as type: Value.Type = Value.self
    ) throws(WireError) -> Value {
        guard let value = Value(rawValue: rawValue) else {
            throw WireError(.valueOutOfRange, "\(field): \(rawValue) is not a value of this version")
        }
        return value
    }

    /// The case that has a number in messages.
    ///
    /// - Throws: `WireError` when none has.
    static func mode<Mode: CaseIterable>(
        _ number: UInt32, _ field: StaticString, _ numberOf: (Mode) -> UInt32
    ) throws(WireError) -> Mode {
        guard let mode = Mode.allCases.first(where: { numberOf($0) == number }) else {
            throw WireError(.valueOutOfRange, "\(field): \(number) is not a value of this version")
        }
        return mode
    }

    /// - Throws: `WireError` when the data is not 32 bytes.
    static func id(_ data: ProtobufCBinaryData, _ field: StaticString) throws(WireError) -> ShardID {
        guard data.len == ShardID.byteCount, let bytes = data.data,
            let id = ShardID(UnsafeBufferPointer(start: bytes, count: data.len))
        else {
            throw WireError(.valueOutOfRange, "\(field): \(data.len) bytes where a SHA-256 has \(ShardID.byteCount)")
        }
        return id
    }

    /// - Throws: `WireError` when there are more than `limit` bytes.
    static func bytes(_ data: ProtobufCBinaryData, _ field: StaticString, limit: Int) throws(WireError) -> [UInt8] {
        guard data.len <= limit else { throw WireError(.tooLarge, "\(field): \(data.len) bytes; at most \(limit)") }
        return Array(UnsafeBufferPointer(start: data.data, count: data.len))
    }

    /// - Throws: `WireError` when there are not exactly `count` bytes.
    static func bytes(_ data: ProtobufCBinaryData, _ field: StaticString, count: Int) throws(WireError) -> [UInt8] {
        guard data.len == count else {
            throw WireError(.valueOutOfRange, "\(field): \(data.len) bytes; it has \(count)")
        }
        return Array(UnsafeBufferPointer(start: data.data, count: data.len))
    }

    /// - Throws: `WireError` when the value is outside of the range.
    static func range<Value: FixedWidthInteger>(
        _ value: Value, _ range: ClosedRange<Value>, _ field: StaticString
    ) throws(WireError) -> Value {
        guard range.contains(value) else {
            throw WireError(
                .valueOutOfRange, "\(field): \(value) is not within \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Bytes that a device has or holds.
    ///
    /// - Throws: `WireError` when no device can have so many.
    static func memory(_ bytes: UInt64, _ field: StaticString) throws(WireError) -> UInt64 {
        guard bytes <= WireLimits.deviceBytes else {
            throw WireError(.valueOutOfRange, "\(field): \(bytes) bytes, which no device has")
        }
        return bytes
    }

    /// A count that only rises, a time or a rate.
    ///
    /// - Throws: `WireError` when it is above any that there can be.
    static func count(_ value: UInt64, _ field: StaticString) throws(WireError) -> UInt64 {
        try range(value, 0...WireLimits.count, field)
    }

    /// The messages of a repeated field.
    ///
    /// - Throws: `WireError` when there are more than `limit`, or what `read` throws.
    static func messages<Message, Value>(
        _ elements: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ count: Int, _ field: StaticString,
        limit: Int, _ read: (Message) throws(WireError) -> Value
    ) throws(WireError) -> [Value] {
        try list(elements, count, field, limit: limit) { (message) throws(WireError) in
            guard let message else { throw WireError(.malformedMessage, "\(field): an element is missing") }
            return try read(message.pointee)
        }
    }

    /// A range of two fields.
    ///
    /// - Throws: `WireError` when it is empty, or reaches beyond `limit`.
    static func bounds(
        _ first: UInt32, _ last: UInt32, limit: UInt32, _ field: StaticString
    ) throws(WireError) -> Range<UInt32> {
        guard first < last, last <= limit else {
            throw WireError(.valueOutOfRange, "\(field): \(first)..<\(last) is not a range within 0 to \(limit)")
        }
        return first..<last
    }

    /// The elements of a repeated field.
    ///
    /// - Throws: `WireError` when there are more than `limit`, or what `read` throws.
    static func list<Element, Value>(
        _ elements: UnsafeMutablePointer<Element>?, _ count: Int, _ field: StaticString, limit: Int,
        _ read: (Element) throws(WireError) -> Value
    ) throws(WireError) -> [Value] {
        guard count <= limit else { throw WireError(.tooLarge, "\(field): \(count) elements; at most \(limit)") }
        guard count > 0 else { return [] }
        guard let elements else { throw WireError(.malformedMessage, "\(field): missing") }
        var values: [Value] = []
        values.reserveCapacity(count)
        for index in 0..<count { values.append(try read(elements[index])) }
        return values
    }
}
