import Discovery
import Testing

struct InterfaceChoiceTests {
    static func network(_ text: String, _ bits: Int) -> NetworkPrefix {
        NetworkPrefix(NetworkAddress(text)!, bits: bits)
    }

    static let card = NetworkInterface(
        name: "eth0", index: 2,
        networks: [network("192.168.1.5", 24), network("fe80::1", 64), network("2001:db8::5", 64)])
    static let wireless = NetworkInterface(name: "wlan0", index: 3, networks: [network("192.168.2.5", 24)])
    static let loopback = NetworkInterface(
        name: "lo", index: 1, isLoopback: true, takesMulticast: false, isPhysical: false,
        networks: [network("127.0.0.1", 8)])
    static let bridge = NetworkInterface(
        name: "docker0", index: 4, isPhysical: false, networks: [network("172.17.0.1", 16)])
    static let tunnel = NetworkInterface(
        name: "tun0", index: 5, isPointToPoint: true, takesMulticast: true, isPhysical: false,
        networks: [network("10.8.0.2", 24)])
    static let down = NetworkInterface(name: "eth1", index: 6, isUp: false)
    static let all = [loopback, card, wireless, bridge, tunnel, down]

    func chosen(_ choice: InterfaceChoice) -> [String] { choice.chosen(of: Self.all).map(\.name) }

    @Test func takesEveryCardThatIsUpAndNothingElse() {
        #expect(chosen(InterfaceChoice()) == ["eth0", "wlan0"])
        #expect(chosen(InterfaceChoice(address: NetworkAddress("0.0.0.0"))) == ["eth0", "wlan0"])
        #expect(chosen(InterfaceChoice(address: NetworkAddress("::"))) == ["eth0", "wlan0"])
    }

    @Test func takesTheCardOfTheAddressThatIsListenedOn() {
        #expect(chosen(InterfaceChoice(address: NetworkAddress("192.168.2.5"))) == ["wlan0"])
        #expect(chosen(InterfaceChoice(address: NetworkAddress("2001:db8::5"))) == ["eth0"])
        #expect(chosen(InterfaceChoice(address: NetworkAddress("172.17.0.1"))).isEmpty)
        #expect(chosen(InterfaceChoice(address: NetworkAddress("127.0.0.1"))).isEmpty)
    }

    @Test func takesThoseThatAreNamedAlone() {
        #expect(chosen(InterfaceChoice(names: ["docker0", "tun0"])) == ["docker0", "tun0"])
        #expect(chosen(InterfaceChoice(names: ["lo", "eth1", "none"])).isEmpty)
        #expect(chosen(InterfaceChoice(address: NetworkAddress("192.168.1.5"), names: ["docker0"])).isEmpty)
    }

    @Test(arguments: [
        ("10.0.0.1", true), ("223.255.255.255", true), ("0.0.0.0", false), ("127.0.0.1", false), ("224.0.0.251", false),
        ("255.255.255.255", false), ("::", false), ("::1", false), ("ff02::fb", false), ("::ffff:10.0.0.1", false),
        ("fe80::1", true), ("2001:db8::1", true),
    ])
    func knowsWhereAMachineCanBe(_ text: String, _ isDialable: Bool) throws {
        #expect(try #require(NetworkAddress(text)).isDialable == isDialable)
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "fe80::1%eth0", "pi1", "1.2.3.4\u{0}", "[::1]"])
    func readsNumericAddressesAlone(_ text: String) { #expect(NetworkAddress(text) == nil) }

    @Test(arguments: [
        ("10.0.1.2", 16, "10.0.200.3", true), ("10.0.1.2", 20, "10.0.15.255", true),
        ("10.0.1.2", 20, "10.0.16.0", false),
        ("10.0.1.2", 0, "99.9.9.9", true), ("10.0.1.2", 32, "10.0.1.3", false), ("10.0.1.2", 8, "::1", false),
        ("2001:db8::1", 64, "2001:db8::ffff", true), ("2001:db8::1", 64, "2001:db8:1::1", false),
    ])
    func knowsItsNetwork(_ base: String, _ bits: Int, _ other: String, _ isInside: Bool) throws {
        #expect(Self.network(base, bits).contains(try #require(NetworkAddress(other))) == isInside)
    }

    @Test func thisMachineHasALoopbackInterface() {
        let own = NetworkInterface.all()
        #expect(
            own.contains {
                $0.isLoopback && $0.isUp && !$0.isPhysical && $0.networks.contains { $0.address.isLoopback }
            })
        #expect(InterfaceChoice().chosen(of: own).allSatisfy { !$0.isLoopback })
    }
}
