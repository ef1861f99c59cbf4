import Discovery
import Identity
import Testing

struct BrowsingTests {
    static let record = ServiceRecord(name: try! DeviceName("pi1"), protocolVersion: 1, standing: .insecure)
    static let four = Sighting(interface: 2, family: 0, name: "pi1", domain: "local")
    static let six = Sighting(interface: 2, family: 1, name: "pi1", domain: "local")

    var browsing: Browsing {
        var browsing = Browsing(InterfaceChoice())
        _ = browsing.look(at: InterfaceChoiceTests.all)
        return browsing
    }

    static func at(_ address: String, port: UInt16 = 7077, _ record: ServiceRecord = record) -> Resolution {
        Resolution(address: NetworkAddress(address)!, port: port, strings: record.strings)
    }

    static func worker(_ hosts: String..., as record: ServiceRecord = record) -> FoundWorker {
        FoundWorker(instance: "pi1.local", record: record, places: hosts.map { .init(host: $0, port: 7077) })
    }

    @Test func resolvesWhatAppearsAndTellsOfIt() {
        var browsing = browsing
        #expect(browsing.appeared(Self.four) == [.resolve(Self.four)])
        #expect(browsing.appeared(Self.four).isEmpty)
        #expect(browsing.resolved(Self.four, Self.at("192.168.1.9")) == [.tell(.found(Self.worker("192.168.1.9")))])
        #expect(browsing.resolved(Self.four, Self.at("192.168.1.9")).isEmpty)
        #expect(
            browsing.vanished(Self.four) == [.release(Self.four), .tell(.lost(Self.worker("192.168.1.9")))])
        #expect(browsing.vanished(Self.four).isEmpty)
    }

    @Test func prefersAddressesThatAreGoodEverywhere() {
        var browsing = browsing
        _ = browsing.appeared(Self.six)
        #expect(
            browsing.resolved(Self.six, Self.at("fe80::9")) == [.tell(.found(Self.worker("fe80::9%eth0")))])
        _ = browsing.appeared(Self.four)
        #expect(
            browsing.resolved(Self.four, Self.at("192.168.1.9"))
                == [.tell(.found(Self.worker("192.168.1.9", "fe80::9%eth0")))])
        #expect(
            browsing.resolved(Self.six, Self.at("2001:db8::9"))
                == [.tell(.found(Self.worker("192.168.1.9", "2001:db8::9")))])
        #expect(
            browsing.vanished(Self.four) == [.release(Self.four), .tell(.found(Self.worker("2001:db8::9")))])
    }

    @Test(arguments: ["127.0.0.1", "8.8.8.8", "192.168.2.9", "172.17.0.1", "2001:db8:1::9", "ff02::1"])
    func believesAddressesOfTheInterfacesOwnNetworkAlone(_ address: String) {
        var browsing = browsing
        _ = browsing.appeared(Self.four)
        #expect(browsing.resolved(Self.four, Self.at(address)).isEmpty)
    }

    @Test func passesOverPortZeroAndForeignRecords() {
        var browsing = browsing
        _ = browsing.appeared(Self.four)
        #expect(browsing.resolved(Self.four, Self.at("192.168.1.9", port: 0)).isEmpty)
        #expect(
            browsing.resolved(
                Self.four,
                Resolution(address: NetworkAddress("192.168.1.9")!, port: 7077, strings: [Array("a=b".utf8)])
            ).isEmpty)
    }

    @Test func looksAtChosenInterfacesAlone() {
        var browsing = browsing
        var other = Self.four
        other.interface = InterfaceChoiceTests.bridge.index
        #expect(browsing.appeared(other).isEmpty)
        other.interface = 99
        #expect(browsing.appeared(other).isEmpty)
    }

    @Test func forgetsWhatCameOverAnInterfaceThatIsGone() {
        var browsing = browsing
        _ = browsing.appeared(Self.four)
        _ = browsing.resolved(Self.four, Self.at("192.168.1.9"))
        #expect(
            browsing.look(at: [InterfaceChoiceTests.wireless]) == [.tell(.lost(Self.worker("192.168.1.9")))])
        #expect(
            browsing.look(at: InterfaceChoiceTests.all) == [.tell(.found(Self.worker("192.168.1.9")))])
    }

    @Test func isSettledWhenEachHasOneWay() {
        var browsing = browsing
        _ = browsing.appeared(Self.four)
        _ = browsing.appeared(Self.six)
        #expect(browsing.hasAllForNow().isEmpty)
        #expect(
            browsing.resolved(Self.four, Self.at("192.168.1.9"))
                == [.tell(.found(Self.worker("192.168.1.9"))), .tell(.settled)])
        #expect(browsing.resolved(Self.six, nil).isEmpty)
    }

    @Test func isSettledWhereNoneIsThereOrNoneResolves() {
        var nobody = browsing
        #expect(nobody.hasAllForNow() == [.tell(.settled)])
        var mute = browsing
        _ = mute.appeared(Self.four)
        #expect(mute.hasAllForNow().isEmpty)
        #expect(mute.resolved(Self.four, nil) == [.tell(.settled)])
    }

    @Test func losesAllWithTheDaemonAndFindsThemAgain() {
        var browsing = browsing
        _ = browsing.appeared(Self.four)
        _ = browsing.resolved(Self.four, Self.at("192.168.1.9"))
        #expect(browsing.daemonLost() == [.tell(.lost(Self.worker("192.168.1.9")))])
        #expect(browsing.appeared(Self.four) == [.resolve(Self.four)])
        #expect(browsing.resolved(Self.four, Self.at("192.168.1.9")) == [.tell(.found(Self.worker("192.168.1.9")))])
    }

    @Test func tellsWhatItsRecordSaysNow() {
        var browsing = browsing
        _ = browsing.appeared(Self.four)
        _ = browsing.resolved(Self.four, Self.at("192.168.1.9"))
        var joined = Self.record
        joined.standing = .member(ServiceRecordTests.mark)
        #expect(
            browsing.resolved(Self.four, Self.at("192.168.1.9", joined))
                == [.tell(.found(Self.worker("192.168.1.9", as: joined)))])
    }

    @Test func aFloodIsNotFollowed() {
        var browsing = browsing
        let asked = (0..<2 * Browsing.mostSightings).flatMap { number in
            browsing.appeared(Sighting(interface: 2, family: 0, name: "x\(number)", domain: "local"))
        }
        #expect(asked.count == Browsing.mostSightings)
    }
}
