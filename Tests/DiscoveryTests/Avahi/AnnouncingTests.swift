import Discovery
import Testing

struct AnnouncingTests {
    static let service = AnnouncedService(record: BrowsingTests.record, port: 7077, interfaces: InterfaceChoice())

    static func published(_ name: String = "pi1", on interfaces: Int32..., attempt: Int) -> AvahiAction {
        .publish(name: name, interfaces: interfaces, attempt: attempt)
    }

    /// With an interface and a running daemon, and published once.
    static func begun() -> Announcing {
        var announcing = Announcing(service)
        _ = announcing.look(at: [InterfaceChoiceTests.card])
        _ = announcing.daemonIsThere(isRunning: true)
        return announcing
    }

    @Test func waitsForTheDaemonAndForInterfaces() {
        var announcing = Announcing(Self.service)
        #expect(announcing.look(at: [InterfaceChoiceTests.loopback, InterfaceChoiceTests.bridge]).isEmpty)
        #expect(announcing.daemonIsThere(isRunning: false).isEmpty)
        let none = announcing.daemonIsThere(isRunning: true)
        #expect(
            none == [.tell(.notAnnounced("no network card is up; --interface NAME names another kind of interface"))])
        #expect(announcing.look(at: [InterfaceChoiceTests.loopback]).isEmpty)
        #expect(announcing.look(at: InterfaceChoiceTests.all) == [Self.published(on: 2, 3, attempt: 1)])
        #expect(
            announcing.group(.established, attempt: 1) == [.tell(.announced(as: "pi1", on: ["eth0", "wlan0"]))])
    }

    @Test func takesAnotherNameWhereItsOwnIsTaken() {
        var announcing = Self.begun()
        #expect(announcing.group(.collision, attempt: 1) == [Self.published("pi1 #2", on: 2, attempt: 2)])
        // What is said of the attempt before changes nothing.
        #expect(announcing.refused(attempt: 1, isCollision: true, "").isEmpty)
        #expect(announcing.group(.collision, attempt: 1).isEmpty)
        #expect(announcing.group(.established, attempt: 2) == [.tell(.announced(as: "pi1 #2", on: ["eth0"]))])
    }

    @Test func aNameThatIsTakenOnThisMachineIsAnotherToo() {
        var announcing = Self.begun()
        #expect(
            announcing.refused(attempt: 1, isCollision: true, "") == [Self.published("pi1 #2", on: 2, attempt: 2)])
    }

    @Test func doesNotTryNamesForEver() {
        var announcing = Self.begun()
        var actions: [AvahiAction] = []
        var tries = 0
        repeat {
            tries += 1
            actions = announcing.group(.collision, attempt: tries)
        } while actions != [.withdraw, .tell(.notAnnounced("all names like pi1 #100 are taken"))] && tries < 1000
        #expect(tries == 100)
    }

    @Test func isTakenBackAndMadeAnewWhenInterfacesChange() {
        var announcing = Self.begun()
        #expect(announcing.look(at: [InterfaceChoiceTests.card]).isEmpty)
        #expect(
            announcing.look(at: [InterfaceChoiceTests.wireless]) == [.withdraw, Self.published(on: 3, attempt: 2)])
        #expect(announcing.group(.established, attempt: 1).isEmpty)
        #expect(announcing.group(.established, attempt: 2) == [.tell(.announced(as: "pi1", on: ["wlan0"]))])
    }

    @Test func isMadeAnewWhenTheDaemonComesBack() {
        var announcing = Self.begun()
        announcing.daemonLost()
        #expect(announcing.group(.collision, attempt: 1).isEmpty)
        #expect(announcing.daemonIsThere(isRunning: true) == [Self.published(on: 2, attempt: 2)])
    }

    @Test func isTakenBackWhileTheDaemonSettles() {
        var announcing = Self.begun()
        #expect(announcing.daemonIsThere(isRunning: false) == [.withdraw])
        #expect(announcing.group(.established, attempt: 1).isEmpty)
        #expect(announcing.look(at: [InterfaceChoiceTests.card]).isEmpty)
        #expect(announcing.daemonIsThere(isRunning: true) == [Self.published(on: 2, attempt: 2)])
    }

    @Test func aRefusalIsToldOnceAndTriedAgain() {
        var announcing = Self.begun()
        #expect(
            announcing.refused(attempt: 1, isCollision: false, "no") == [.withdraw, .tell(.notAnnounced("no"))])
        #expect(announcing.look(at: [InterfaceChoiceTests.card]) == [Self.published(on: 2, attempt: 2)])
        #expect(announcing.refused(attempt: 2, isCollision: false, "no") == [.withdraw])
    }

    @Test(arguments: [
        (nil, AnnouncedService.Family.both), ("0.0.0.0", .ipv4), ("::", .both), ("192.168.1.5", .ipv4),
        ("2001:db8::5", .ipv6),
    ])
    func tellsOfTheFamiliesThatItListensOn(_ address: String?, _ family: AnnouncedService.Family) {
        var service = Self.service
        service.interfaces.address = address.flatMap { NetworkAddress($0) }
        #expect(service.family == family)
    }
}
