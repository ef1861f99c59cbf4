import Discovery
import Identity

/// What is announced on the network, and the messages of the bus that it comes in. An odd first byte: the rest is a message of D-Bus; else it is
/// the strings of a TXT record, each behind its length byte.
package struct DiscoveryFuzz: FuzzFormat {
    package static let name = "discovery"

    package init() throws {}

    private static let strings = ["txtvers=1", "proto=1", "name=pi1", "state=member", "cluster=0123456789abcdef"]

    private static let signal: [UInt8] = {
        let texts = strings.map { DBusValue.bytes(Array($0.utf8)) }
        var message = DBusMessage(
            1, to: ":1.9", path: "/Client1/ServiceResolver1", interface: "org.freedesktop.Avahi.ServiceResolver",
            member: "Found",
            body: [
                .int32(2), .int32(0), .string("pi1"), .string("_shoal._tcp"), .string("local"), .string("pi1.local"),
                .int32(0), .string("192.168.1.9"), .uint16(7077), .array(of: "ay", texts), .uint32(0),
            ])
        (message.kind, message.sender) = (.signal, ":1.2")
        return message.bytes
    }()

    package var corpus: [[UInt8]] {
        let call = DBusMessage(
            3, to: "a.b", path: "/", interface: "a.b.C", member: "D",
            body: [
                .array(of: "(yv)", [.structure([.byte(1), .variant(.uint32(5))])]), .bool(true), .signature("ay"),
            ])
        let record = Self.strings.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return [[0] + record, [1] + Self.signal, [1] + call.bytes]
    }

    package let words: [[UInt8]] =
        ["name=", "state=insecure", "state=waiting", "cluster=", "proto=", "aaaaaaaa", "((((", "a(yv)", "v", "1v", "="]
        .map {
            Array($0.utf8)
        } + [[0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0], [8, 1, 0x67, 0]]

    package var extremes: [[UInt8]] {
        let empty = [UInt8](repeating: 0, count: 1 << 18)
        var long = Self.signal
        long.replaceSubrange(4..<8, with: [0, 0, 0x0f, 0])
        return [[0] + empty, [0] + [UInt8](repeating: 255, count: 1 << 18), [1] + empty, [1] + long + empty]
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        guard let first = input.first else { return .refused }
        let rest = input.dropFirst()
        return first % 2 == 0 ? Self.record(rest) : Self.message(Array(rest))
    }

    private static func record(_ bytes: ArraySlice<UInt8>) -> FuzzOutcome {
        var strings: [[UInt8]] = []
        var rest = bytes
        while let length = rest.popFirst() {
            strings.append(Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        guard let record = try? ServiceRecord(strings: strings) else { return .refused }
        precondition((try? ServiceRecord(strings: record.strings)) == record, "a record does not survive its strings")
        precondition(
            record.name.description.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 }, "\(record.name)")
        return .accepted
    }

    private static func message(_ bytes: [UInt8]) -> FuzzOutcome {
        do throws(DBusError) {
            guard let message = try DBusMessage(bytes) else { return .refused }
            // What the program does with it, whoever sent it.
            var session = AvahiSession(announcing: nil, browsing: InterfaceChoice(names: ["eth0"]))
            _ = session.look(at: [NetworkInterface(name: "eth0", index: 2)])
            _ = session.begin()
            _ = session.received(message)
            return .accepted
        } catch {
            precondition(!error.description.isEmpty, "an error without words")
            return .refused
        }
    }
}
