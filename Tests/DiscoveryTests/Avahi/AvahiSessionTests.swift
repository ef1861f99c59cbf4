import Discovery
import Testing

/// The session against a daemon that is played here.
struct AvahiSessionTests {
    var session = AvahiSession(announcing: AnnouncingTests.service, browsing: InterfaceChoice())

    init() { _ = session.look(at: [InterfaceChoiceTests.card]) }

    static let published = AnnouncingTests.published(on: 2, attempt: 1)
    static let found = AvahiEvent.resolved(BrowsingTests.four, BrowsingTests.at("192.168.1.9"))

    /// The session with a daemon that runs.
    var begun: AvahiSession {
        var session = session
        _ = session.received(.daemon(.running))
        return session
    }

    @Test func looksForServicesOnceTheDaemonIsThereAndAnnouncesOnceItRuns() {
        var session = session
        #expect(session.received(.daemon(.settling)) == [.browse])
        #expect(session.received(.daemon(.running)) == [Self.published])
        #expect(session.received(.daemon(.running)).isEmpty)
        #expect(session.received(.group(.established, attempt: 1)) == [.tell(.announced(as: "pi1", on: ["eth0"]))])
    }

    @Test func aTakenNameIsAnsweredWithAnother() {
        var session = begun
        #expect(
            session.received(.refused(attempt: 1, isCollision: true, reason: "taken"))
                == [AnnouncingTests.published("pi1 #2", on: 2, attempt: 2)])
    }

    @Test func saysWhatTheDaemonRefuses() {
        var session = begun
        #expect(
            session.received(.refused(attempt: 1, isCollision: false, reason: "Access denied"))
                == [.withdraw, .tell(.notAnnounced("avahi-daemon refuses it: Access denied"))])
    }

    @Test func findsAndLoses() {
        var session = begun
        #expect(session.received(.appeared(BrowsingTests.four)) == [.resolve(BrowsingTests.four)])
        #expect(session.received(Self.found) == [.tell(.found(BrowsingTests.worker("192.168.1.9")))])
        #expect(session.received(.hasAllForNow) == [.tell(.settled)])
        #expect(
            session.received(.vanished(BrowsingTests.four))
                == [.release(BrowsingTests.four), .tell(.lost(BrowsingTests.worker("192.168.1.9")))])
    }

    @Test func doesWhatItIsForAndNothingElse() {
        var announcer = AvahiSession(announcing: AnnouncingTests.service, browsing: nil)
        _ = announcer.look(at: [InterfaceChoiceTests.card])
        #expect(announcer.received(.daemon(.running)) == [Self.published])
        #expect(announcer.received(.appeared(BrowsingTests.four)).isEmpty)
        var finder = AvahiSession(announcing: nil, browsing: InterfaceChoice())
        #expect(finder.received(.daemon(.running)) == [.browse])
    }

    @Test func beginsAnewWithADaemonThatComesBack() {
        var session = begun
        _ = session.received(.appeared(BrowsingTests.four))
        _ = session.received(Self.found)
        #expect(
            session.received(.daemon(.lost))
                == [
                    .tell(.lost(BrowsingTests.worker("192.168.1.9"))), .tell(.unavailable("avahi-daemon has ended")),
                    .reconnect,
                ])
        #expect(session.ended().isEmpty)
        // That it is not there yet was told.
        #expect(session.received(.daemon(.absent)).isEmpty)
        #expect(session.received(.daemon(.running)) == [.browse, AnnouncingTests.published(on: 2, attempt: 2)])
        #expect(session.received(.appeared(BrowsingTests.four)) == [.resolve(BrowsingTests.four)])
    }

    @Test func saysWhereNoDaemonRunsAndWaitsForIt() {
        var session = session
        #expect(session.received(.daemon(.absent)) == [.tell(.unavailable("avahi-daemon does not run"))])
        #expect(session.received(.daemon(.running)) == [.browse, Self.published])
    }

    @Test func saysWhereTheDaemonLooksForNothing() {
        var session = begun
        #expect(
            session.received(.browsingFailed(reason: "no")) == [
                .tell(.unavailable("avahi-daemon looks for nothing: no"))
            ])
    }
}
