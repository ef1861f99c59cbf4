import Discovery
import Identity

/// What anyone can announce on the network: the strings of a TXT record, each behind its length byte. The first of them is the name of the
/// service too.
package struct DiscoveryFuzz: FuzzFormat {
    package static let name = "discovery"

    package init() throws {}

    private static let network = NetworkPrefix(NetworkAddress("192.168.1.5")!, bits: 24)

    package var corpus: [[UInt8]] {
        [["state=member", "cluster=0123456789abcdef"], ["state=waiting"], ["state=insecure"]].map { standing in
            (["txtvers=1", "proto=1", "name=pi1"] + standing).flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        }
    }

    package let words: [[UInt8]] = [
        "name=", "state=insecure", "state=waiting", "state=member", "cluster=", "proto=", "aaaaaaaa", "=",
    ]
    .map { Array($0.utf8) }

    package var extremes: [[UInt8]] {
        [[UInt8](repeating: 0, count: 1 << 18), [UInt8](repeating: 255, count: 1 << 18)]
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        var strings: [[UInt8]] = []
        var rest = input[...]
        while let length = rest.popFirst() {
            strings.append(Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        let found = Self.found(strings)
        guard let record = try? ServiceRecord(strings: strings) else {
            precondition(found == nil, "a worker is found by a record that is none")
            return .refused
        }
        precondition((try? ServiceRecord(strings: record.strings)) == record, "a record does not survive its strings")
        precondition(
            record.name.description.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 }, "\(record.name)")
        precondition(found == record, "a worker is found otherwise than its record says")
        return .accepted
    }

    /// What the program finds where a service with these strings appears.
    private static func found(_ strings: [[UInt8]]) -> ServiceRecord? {
        var session = AvahiSession(announcing: nil, browsing: InterfaceChoice(names: ["eth0"]))
        _ = session.look(at: [NetworkInterface(name: "eth0", index: 2, networks: [network])])
        _ = session.received(.daemon(.running))
        let sighting = Sighting(
            interface: 2, family: 0, name: String(decoding: strings.first ?? [], as: UTF8.self), domain: "local")
        let resolution = Resolution(address: NetworkAddress("192.168.1.9")!, port: 7077, strings: strings)
        let actions = session.received(.appeared(sighting)) + session.received(.resolved(sighting, resolution))
        for case .tell(.found(let worker)) in actions { return worker.record }
        return nil
    }
}
