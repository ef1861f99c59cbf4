import Discovery
import Testing

/// The session against a bus and a daemon that are played here.
struct AvahiSessionTests {
    var session = AvahiSession(announcing: AnnouncingTests.service, browsing: InterfaceChoice())

    init() { _ = session.look(at: [InterfaceChoiceTests.card]) }

    static func calls(_ outputs: [AvahiSession.Output]) -> [DBusMessage] {
        outputs.compactMap { if case .send(let message) = $0 { message } else { nil } }
    }

    static func events(_ outputs: [AvahiSession.Output]) -> [DiscoveryEvent] {
        outputs.compactMap { if case .tell(let event) = $0 { event } else { nil } }
    }

    static func reply(_ call: DBusMessage, _ body: [DBusValue], error: String? = nil) -> DBusMessage {
        var reply = DBusMessage(900, to: ":1.9", path: "/", interface: "", member: "", body: body)
        (reply.kind, reply.errorName, reply.replySerial, reply.sender) = (
            error == nil ? .reply : .error, error, call.serial, ":1.2"
        )
        return reply
    }

    static func signal(
        _ interface: String, _ member: String, _ body: [DBusValue], path: String = "/", sender: String = ":1.2"
    ) -> DBusMessage {
        var signal = DBusMessage(
            901, to: ":1.9", path: path, interface: "org.freedesktop.Avahi.\(interface)", member: member, body: body)
        (signal.kind, signal.sender) = (.signal, sender)
        return signal
    }

    static let item: [DBusValue] = [
        .int32(2), .int32(0), .string("pi1"), .string("_shoal._tcp"), .string("local"), .uint32(0),
    ]
    static let resolved: [DBusValue] =
        item.dropLast() + [
            .string("pi1.local"), .int32(0), .string("192.168.1.9"), .uint16(7077),
            .array(of: "ay", BrowsingTests.record.strings.map { .bytes($0) }), .uint32(0),
        ]

    /// The session once the daemon was found, and the calls that it made then.
    func begun() -> (AvahiSession, [DBusMessage]) {
        var session = session
        let first = Self.calls(session.begin())
        let next = Self.calls(session.received(Self.reply(first.last!, [.string(":1.2")])))
        return (session, next)
    }

    @Test func asksForTheDaemonThenForItsStateAndTheServices() {
        var session = session
        let first = Self.calls(session.begin())
        #expect(first.map(\.member) == ["Hello", "AddMatch", "AddMatch", "GetNameOwner"])
        #expect(Set(first.map(\.serial)).count == first.count)
        let next = Self.calls(session.received(Self.reply(first[3], [.string(":1.2")])))
        #expect(next.map(\.member) == ["GetState", "ServiceBrowserNew"])
    }

    @Test func announcesOnceTheDaemonRuns() {
        var (session, calls) = begun()
        let group = Self.calls(session.received(Self.reply(calls[0], [.int32(AvahiNumbers.running)])))
        #expect(group.map(\.member) == ["EntryGroupNew"])
        let filling = Self.calls(session.received(Self.reply(group[0], [.path("/g")])))
        #expect(filling.map(\.member) == ["AddService", "Commit"])
        #expect(filling[0].body[3] == .string("pi1"))
        #expect(filling[0].body[7] == .uint16(7077))
        let told = session.received(
            Self.signal("EntryGroup", "StateChanged", [.int32(AvahiNumbers.established), .string("")], path: "/g"))
        #expect(Self.events(told) == [.announced(as: "pi1", on: ["eth0"])])
    }

    @Test func aTakenNameIsAnsweredWithAnother() {
        var (session, calls) = begun()
        let group = Self.calls(session.received(Self.reply(calls[0], [.int32(AvahiNumbers.running)])))
        let filling = Self.calls(session.received(Self.reply(group[0], [.path("/g")])))
        let again = session.received(
            Self.reply(filling[0], [.string("taken")], error: "org.freedesktop.Avahi.CollisionError"))
        #expect(Self.calls(again).map(\.member) == ["Reset", "AddService", "Commit"])
        #expect(Self.calls(again)[1].body[3] == .string("pi1 #2"))
    }

    @Test func findsAndLoses() {
        var (session, _) = begun()
        let resolving = Self.calls(session.received(Self.signal("ServiceBrowser", "ItemNew", Self.item)))
        #expect(resolving.map(\.member) == ["ServiceResolverNew"])
        _ = session.received(Self.reply(resolving[0], [.path("/r")]))
        let found = session.received(Self.signal("ServiceResolver", "Found", Self.resolved, path: "/r"))
        #expect(Self.events(found) == [.found(BrowsingTests.worker("192.168.1.9"))])
        #expect(Self.events(session.received(Self.signal("ServiceBrowser", "AllForNow", []))) == [.settled])
        let lost = session.received(Self.signal("ServiceBrowser", "ItemRemove", Self.item))
        #expect(Self.events(lost) == [.lost(BrowsingTests.worker("192.168.1.9"))])
        #expect(Self.calls(lost).map(\.member) == ["Free"])
        #expect(Self.calls(lost).map(\.path) == ["/r"])
    }

    @Test func believesTheDaemonAlone() {
        var (session, _) = begun()
        #expect(session.received(Self.signal("ServiceBrowser", "ItemNew", Self.item, sender: ":1.3")).isEmpty)
    }

    @Test func otherServicesAndOddBodiesAreNothing() {
        var (session, _) = begun()
        var other = Self.item
        other[3] = .string("_http._tcp")
        for body in [[], other, [.int32(2)], Self.item.reversed()] {
            #expect(session.received(Self.signal("ServiceBrowser", "ItemNew", body)).isEmpty)
            #expect(session.received(Self.signal("ServiceResolver", "Found", body)).isEmpty)
            #expect(session.received(Self.signal("EntryGroup", "StateChanged", body)).isEmpty)
        }
    }

    @Test func beginsAnewWithADaemonThatComesBack() {
        var (session, _) = begun()
        _ = session.received(Self.signal("ServiceBrowser", "ItemNew", Self.item))
        _ = session.received(Self.signal("ServiceResolver", "Found", Self.resolved))
        func owner(_ name: String) -> DBusMessage {
            Self.signal(
                "", "NameOwnerChanged", [.string("org.freedesktop.Avahi"), .string(""), .string(name)],
                sender: "org.freedesktop.DBus")
        }
        let gone = session.received(owner(""))
        #expect(
            Self.events(gone)
                == [.lost(BrowsingTests.worker("192.168.1.9")), .unavailable("avahi-daemon has ended")])
        let back = session.received(owner(":1.44"))
        #expect(Self.calls(back).map(\.member) == ["GetState", "ServiceBrowserNew"])
        #expect(session.received(Self.signal("ServiceBrowser", "ItemNew", Self.item)).isEmpty)
        #expect(
            Self.calls(session.received(Self.signal("ServiceBrowser", "ItemNew", Self.item, sender: ":1.44"))).count
                == 1)
    }

    @Test func saysWhereNoDaemonRuns() {
        var session = session
        let first = Self.calls(session.begin())
        let answer = session.received(
            Self.reply(first[3], [.string("no")], error: "org.freedesktop.DBus.Error.NameHasNoOwner"))
        #expect(answer == [.tell(.unavailable("avahi-daemon does not run"))])
    }
}
