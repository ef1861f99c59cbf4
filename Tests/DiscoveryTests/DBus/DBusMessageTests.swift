import Discovery
import Testing

struct DBusMessageTests {
    static let call = DBusMessage(
        7, to: "org.freedesktop.Avahi", path: "/", interface: "org.freedesktop.Avahi.Server", member: "Test",
        body: [
            .int32(-1), .uint16(7077), .string("größer"), .path("/a/b"), .bool(true), .byte(9),
            .array(of: "ay", [.bytes([1, 2, 3]), .bytes([])]), .variant(.signature("a(yv)")),
            .array(of: "(yu)", [.structure([.byte(1), .uint32(2)]), .structure([.byte(3), .uint32(.max)])]),
            .array(of: "s", []),
        ])

    @Test func survivesItsBytes() throws {
        #expect(try DBusMessage(Self.call.bytes) == Self.call)
        var signal = DBusMessage(9, to: ":1.5", path: "/x", interface: "a.b", member: "C")
        (signal.kind, signal.sender, signal.replySerial, signal.errorName) = (.error, ":1.2", 4, "a.b.D")
        #expect(try DBusMessage(signal.bytes) == signal)
    }

    @Test func isWrittenAsTheSpecificationSays() {
        let hello = DBusMessage(1, to: "a.b", path: "/", interface: "c.d", member: "E")
        let fields: [[UInt8]] = [
            [1, 1, 0x6f, 0, 1, 0, 0, 0, 0x2f, 0, 0, 0, 0, 0, 0, 0],
            [2, 1, 0x73, 0, 3, 0, 0, 0, 0x63, 0x2e, 0x64, 0, 0, 0, 0, 0],
            [3, 1, 0x73, 0, 1, 0, 0, 0, 0x45, 0, 0, 0, 0, 0, 0, 0],
            [6, 1, 0x73, 0, 3, 0, 0, 0, 0x61, 0x2e, 0x62, 0, 0, 0, 0, 0],
        ]
        let length = UInt8(fields.joined().count - 4)
        #expect(hello.bytes == [0x6c, 1, 2, 1, 0, 0, 0, 0, 1, 0, 0, 0, length, 0, 0, 0] + fields.joined())
    }

    @Test func tellsItsLengthAsSoonAsItCan() throws {
        let bytes = Self.call.bytes
        for count in bytes.indices {
            #expect(try DBusMessage.length(bytes.prefix(count)) == (count < 16 ? nil : bytes.count))
        }
    }

    @Test func everyCutAndEveryChangedByteIsAnErrorOrAMessage() {
        let bytes = Self.call.bytes
        for count in bytes.indices {
            #expect(throws: DBusError.self) { try DBusMessage(Array(bytes.prefix(count))) }
            for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff, UInt8(ascii: "a"), UInt8(ascii: "("), UInt8(ascii: "v")] {
                var damaged = bytes
                damaged[count] = value
                if let message = try? DBusMessage(damaged) { #expect(message.serial != 0 || count / 4 == 2) }
            }
        }
    }

    @Test func refusesWhatIsTooLongOrTooDeep() {
        var long = Self.call.bytes
        long.replaceSubrange(4..<8, with: [0xff, 0xff, 0xff, 0x7f])
        #expect(throws: DBusError.self) { try DBusMessage.length(long[...]) }
        var deep = DBusValue.byte(1)
        for _ in 0..<20 { deep = .variant(deep) }
        var message = Self.call
        message.body = [deep]
        #expect(throws: DBusError.self) { try DBusMessage(message.bytes) }
    }

    @Test(arguments: [
        ("unix:path=/run/dbus/system_bus_socket", Array("/run/dbus/system_bus_socket".utf8)),
        ("tcp:host=x;unix:guid=1,path=/a%20b", Array("/a b".utf8)),
        ("unix:abstract=/tmp/x", [0] + Array("/tmp/x".utf8)),
    ])
    func findsTheBus(_ address: String, _ path: [UInt8]) { #expect(DBusAddress.path(address) == path) }

    @Test(arguments: ["", "unix:", "tcp:host=x", "unix:path=", "unix:path=/a%2", "unix:tmpdir=/tmp"])
    func findsNoBus(_ address: String) { #expect(DBusAddress.path(address) == nil) }
}
