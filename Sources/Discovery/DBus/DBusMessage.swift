/// A message of D-Bus (D-Bus Specification, "Message Protocol").
package struct DBusMessage: Sendable, Hashable {
    package enum Kind: UInt8, Sendable, Hashable {
        case call = 1, reply, error, signal
    }

    package var kind: Kind
    package var serial: UInt32
    package var path: String?
    package var interface: String?
    package var member: String?
    package var errorName: String?
    /// The call that this answers.
    package var replySerial: UInt32?
    package var destination: String?
    package var sender: String?
    package var body: [DBusValue] = []

    /// Daemons are not started by calls: where none runs, none is wanted.
    private static let noAutoStart: UInt8 = 2
    private static let littleEndian = UInt8(ascii: "l")
    /// Bytes of a message at most; the specification allows 128 MiB, Avahi's messages have a few kilobytes.
    package static let mostBytes = 1 << 20

    /// A call.
    package init(
        _ serial: UInt32, to destination: String, path: String, interface: String, member: String,
        body: [DBusValue] = []
    ) {
        kind = .call
        self.serial = serial
        (self.destination, self.path, self.interface, self.member) = (destination, path, interface, member)
        self.body = body
    }

    /// As it is sent.
    package var bytes: [UInt8] {
        var content = DBusWriter()
        for value in body { content.write(value) }
        var fields: [DBusValue] = []
        func add(_ code: UInt8, _ value: DBusValue?) {
            if let value { fields.append(.structure([.byte(code), .variant(value)])) }
        }
        add(1, path.map { .path($0) })
        add(2, interface.map { .string($0) })
        add(3, member.map { .string($0) })
        add(4, errorName.map { .string($0) })
        add(5, replySerial.map { .uint32($0) })
        add(6, destination.map { .string($0) })
        add(7, sender.map { .string($0) })
        add(8, body.isEmpty ? nil : .signature(body.map(\.signature).joined()))
        var writer = DBusWriter()
        for byte in [Self.littleEndian, kind.rawValue, Self.noAutoStart, 1] { writer.write(.byte(byte)) }
        writer.write(.uint32(UInt32(content.bytes.count)))
        writer.write(.uint32(serial))
        writer.write(.array(of: "(yv)", fields))
        writer.align(8)
        return writer.bytes + content.bytes
    }
}

extension DBusMessage {
    /// The bytes of the fixed part, which tells how long a message is.
    private static let fixedBytes = 16

    /// How many bytes the message has that begins here; `nil` where that is not to be told yet.
    ///
    /// - Throws: `DBusError` where none begins here.
    package static func length(_ bytes: ArraySlice<UInt8>) throws(DBusError) -> Int? {
        guard bytes.count >= fixedBytes else { return nil }
        guard bytes.first == littleEndian else { throw DBusError("it is not little-endian") }
        var reader = DBusReader(Array(bytes.prefix(fixedBytes)))
        _ = try reader.number()
        let body = try reader.number()
        _ = try reader.number()
        let fields = try reader.number()
        guard body <= mostBytes, fields <= mostBytes else { throw DBusError("it is too long") }
        let length = (fixedBytes + Int(fields) + 7) / 8 * 8 + Int(body)
        guard length <= mostBytes else { throw DBusError("it is too long") }
        return length
    }

    /// Reads one whole message. One of an unknown kind, or with a body of types that nothing here uses, is `nil`: to be passed over.
    ///
    /// - Throws: `DBusError` for what is none.
    package init?(_ bytes: [UInt8]) throws(DBusError) {
        guard let length = try Self.length(bytes[...]), length == bytes.count else {
            throw DBusError("its length is wrong")
        }
        var reader = DBusReader(bytes)
        let fixed = (UInt8(bytes[1]), bytes[3])
        guard fixed.1 == 1 else { throw DBusError("it is of another version") }
        _ = try reader.number()
        _ = try reader.number()
        serial = try reader.number()
        guard let kind = Kind(rawValue: fixed.0) else { return nil }
        self.kind = kind
        guard case .array(_, let fields) = try reader.value("a(yv)") else { return nil }
        var signature = ""
        for case .structure(let field) in fields {
            guard case .byte(let code)? = field.first, case .variant(let value)? = field.last else { continue }
            switch (code, value) {
            case (1, .path(let text)): path = text
            case (2, .string(let text)): interface = text
            case (3, .string(let text)): member = text
            case (4, .string(let text)): errorName = text
            case (5, .uint32(let number)): replySerial = number
            case (6, .string(let text)): destination = text
            case (7, .string(let text)): sender = text
            case (8, .signature(let text)): signature = text
            default: break
            }
        }
        try reader.align(8)
        guard let types = DBusSignature.types(signature) else { return nil }
        for type in types { body.append(try reader.value(type)) }
        guard reader.isAtEnd else { throw DBusError("its body is longer than its types say") }
    }
}
