import Discovery
import Testing

struct AnnouncingTests {
    static let service = AnnouncedService(record: BrowsingTests.record, port: 7077, interfaces: InterfaceChoice())

    /// With interfaces, a running daemon and a group.
    static func begun() -> Announcing {
        var announcing = Announcing(service)
        _ = announcing.look(at: [InterfaceChoiceTests.card])
        _ = announcing.daemonState(AvahiNumbers.running)
        return announcing
    }

    @Test func waitsForTheDaemonAndForInterfaces() {
        var announcing = Announcing(Self.service)
        #expect(announcing.look(at: [InterfaceChoiceTests.loopback, InterfaceChoiceTests.bridge]).isEmpty)
        #expect(announcing.daemonState(1).isEmpty)
        let none = announcing.daemonState(AvahiNumbers.running)
        #expect(
            none == [.tell(.notAnnounced("no network card is up; --interface NAME names another kind of interface"))])
        #expect(announcing.look(at: [InterfaceChoiceTests.loopback]).isEmpty)
        #expect(announcing.look(at: InterfaceChoiceTests.all) == [.makeGroup])
        #expect(
            announcing.made(group: "/g")
                == [
                    .add(group: "/g", interface: 2, name: "pi1", attempt: 1),
                    .add(group: "/g", interface: 3, name: "pi1", attempt: 1), .commit(group: "/g", attempt: 1),
                ])
        #expect(
            announcing.groupState(AvahiNumbers.established, of: "/g")
                == [.tell(.announced(as: "pi1", on: ["eth0", "wlan0"]))])
    }

    @Test func takesAnotherNameWhereItsOwnIsTaken() {
        var announcing = Self.begun()
        _ = announcing.made(group: "/g")
        let again: [Announcing.Action] = [
            .reset(group: "/g"), .add(group: "/g", interface: 2, name: "pi1 #2", attempt: 2),
            .commit(group: "/g", attempt: 2),
        ]
        #expect(announcing.groupState(AvahiNumbers.collision, of: "/g") == again)
        // What was refused of the attempt before changes nothing.
        #expect(announcing.refused(attempt: 1, isCollision: true, "").isEmpty)
        #expect(
            announcing.groupState(AvahiNumbers.established, of: "/g")
                == [.tell(.announced(as: "pi1 #2", on: ["eth0"]))])
    }

    @Test func aNameThatIsTakenOnThisMachineIsAnotherToo() {
        var announcing = Self.begun()
        _ = announcing.made(group: "/g")
        #expect(announcing.refused(attempt: 1, isCollision: true, "").first == .reset(group: "/g"))
    }

    @Test func doesNotTryNamesForEver() {
        var announcing = Self.begun()
        _ = announcing.made(group: "/g")
        var actions: [Announcing.Action] = []
        var tries = 0
        repeat {
            actions = announcing.groupState(AvahiNumbers.collision, of: "/g")
            tries += 1
        } while actions.first == .reset(group: "/g") && tries < 1000
        #expect(tries == 100)
        #expect(actions.first == .free(group: "/g"))
    }

    @Test func isTakenBackAndMadeAnewWhenInterfacesChange() {
        var announcing = Self.begun()
        _ = announcing.made(group: "/g")
        #expect(announcing.look(at: [InterfaceChoiceTests.card]).isEmpty)
        #expect(
            announcing.look(at: [InterfaceChoiceTests.wireless]) == [.free(group: "/g"), .makeGroup])
        #expect(announcing.groupState(AvahiNumbers.established, of: "/g").isEmpty)
        #expect(announcing.made(group: "/h").contains(.add(group: "/h", interface: 3, name: "pi1", attempt: 2)))
    }

    @Test func isMadeAnewWhenTheDaemonComesBack() {
        var announcing = Self.begun()
        _ = announcing.made(group: "/g")
        announcing.daemonLost()
        #expect(announcing.groupState(AvahiNumbers.collision, of: "/g").isEmpty)
        #expect(announcing.daemonState(AvahiNumbers.running) == [.makeGroup])
    }

    @Test func aGroupThatComesTooLateIsFreed() {
        var announcing = Self.begun()
        _ = announcing.daemonState(1)
        #expect(announcing.made(group: "/g") == [.free(group: "/g")])
        #expect(announcing.made(group: "/h") == [.free(group: "/h")])
    }

    @Test func aRefusalIsToldOnceAndTriedAgain() {
        var announcing = Self.begun()
        _ = announcing.made(group: "/g")
        #expect(
            announcing.refused(attempt: 1, isCollision: false, "no")
                == [.free(group: "/g"), .tell(.notAnnounced("no"))])
        #expect(announcing.look(at: [InterfaceChoiceTests.card]) == [.makeGroup])
        _ = announcing.made(group: "/g")
        #expect(announcing.refused(attempt: 2, isCollision: false, "no") == [.free(group: "/g")])
    }

    @Test(arguments: [
        (nil, AvahiNumbers.unspecified), ("0.0.0.0", AvahiNumbers.ipv4), ("::", AvahiNumbers.unspecified),
        ("192.168.1.5", AvahiNumbers.ipv4), ("2001:db8::5", AvahiNumbers.ipv6),
    ])
    func tellsOfTheFamiliesThatItListensOn(_ address: String?, _ family: Int32) {
        var service = Self.service
        service.interfaces.address = address.flatMap { NetworkAddress($0) }
        #expect(service.addressFamily == family)
    }
}
