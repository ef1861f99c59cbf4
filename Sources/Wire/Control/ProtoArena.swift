import CWireProto

/// The memory of one protobuf-c message tree while it is being written.
struct ProtoArena: ~Copyable {
    private var blocks: [UnsafeMutableRawPointer] = []

    init() {}

    deinit {
        for block in blocks { block.deallocate() }
    }

    /// A message, initialized by protobuf-c's `…__init`.
    mutating func make<Message>(_ initialize: (UnsafeMutablePointer<Message>?) -> Void) -> UnsafeMutablePointer<Message>
    {
        let message = array(of: Message.self, count: 1)
        initialize(message)
        return message
    }

    /// A C string: the text cut to `limit` bytes at a character's end, NUL made U+FFFD.
    mutating func text(_ text: String, limit: Int) -> UnsafeMutablePointer<CChar> {
        let bytes = Array(WireText.cut(text, limit: limit).utf8)
        let string = array(of: CChar.self, count: bytes.count + 1)
        for (index, byte) in bytes.enumerated() { string[index] = CChar(bitPattern: byte) }
        string[bytes.count] = 0
        return string
    }

    /// A repeated field of texts, and how many there are.
    mutating func texts(
        _ texts: [String], limit: Int
    ) -> (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, Int) {
        let list = array(of: UnsafeMutablePointer<CChar>?.self, count: texts.count)
        for (index, text) in texts.enumerated() { list[index] = self.text(text, limit: limit) }
        return (list, texts.count)
    }

    /// A shard's id.
    mutating func id(_ id: ShardID) -> ProtobufCBinaryData {
        let bytes = array(of: UInt8.self, count: ShardID.byteCount)
        for (index, byte) in id.bytes.enumerated() { bytes[index] = byte }
        return ProtobufCBinaryData(len: ShardID.byteCount, data: bytes)
    }

    /// Plain bytes.
    ///
    /// - Throws: `WireError` when there are more than `limit`.
    mutating func bytes(
        _ bytes: [UInt8], _ field: StaticString, limit: Int
    ) throws(WireError) -> ProtobufCBinaryData {
        guard bytes.count <= limit else {
            throw WireError(.tooLarge, "\(field): \(bytes.count) bytes; at most \(limit)")
        }
        let copy = array(of: UInt8.self, count: bytes.count)
        copy.update(from: bytes, count: bytes.count)
        return ProtobufCBinaryData(len: bytes.count, data: copy)
    }

    /// A repeated field of messages, and how many there are.
    mutating func list<Value, Message>(
        _ values: [Value], _ make: (Value, inout ProtoArena) -> UnsafeMutablePointer<Message>
    ) -> (UnsafeMutablePointer<UnsafeMutablePointer<Message>?>, Int) {
        let list = array(of: UnsafeMutablePointer<Message>?.self, count: values.count)
        for (index, value) in values.enumerated() { list[index] = make(value, &self) }
        return (list, values.count)
    }

    /// Uninitialized room for trivial values.
    mutating func array<Element>(of type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        let block = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
        blocks.append(UnsafeMutableRawPointer(block))
        return block
    }
}

enum WireText {
    /// The longest prefix of whole characters within `limit` bytes, without NUL, which C strings cannot hold.
    static func cut(_ text: String, limit: Int) -> String {
        var result = ""
        var length = 0
        for scalar in text.unicodeScalars {
            let kept = scalar.value == 0 ? "\u{fffd}" : scalar
            length += UTF8.width(kept)
            if length > limit { break }
            result.unicodeScalars.append(kept)
        }
        return result
    }
}
