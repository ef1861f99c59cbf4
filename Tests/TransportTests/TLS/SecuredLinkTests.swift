import Identity
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Transport
import Wire

/// Links among those who belong together.
@Suite(.timeLimit(.minutes(10))) struct SecuredLinkTests {
    private let cluster = TestAuthority.shared

    @Test func `Both sides know who the other is`() async throws {
        let (coordinator, member) = (try cluster.security(.coordinator), try cluster.security(.member))
        try await withListener(member) { endpoint, accepting in
            let link = try await dial(endpoint, with: coordinator)
            #expect(link.peer.identity == member.credentials.identity)
            #expect(try await accepting.openedLink().peer.identity == coordinator.credentials.identity)
            link.close()
        }
    }

    @Test(arguments: [ClusterIdentity.Kind.coordinator, .member], LinkRole.allCases)
    func `A certificate opens the links of its kind alone`(kind: ClusterIdentity.Kind, role: LinkRole) async throws {
        let isOpen = role == .coordinator ? kind == .coordinator : role != .join
        let dialing = try cluster.security(kind)
        // The accepting side is whom the role asks for, so that it is the one that decides.
        let accepting = try cluster.security(role == .join ? .coordinator : .member)
        try await withListener(accepting) { endpoint, _ in
            do {
                let link = try await dial(endpoint, with: dialing, as: role)
                #expect(isOpen || role == .join && kind == .member)
                link.close()
            } catch {
                #expect(!isOpen)
                #expect((error as? TransportError)?.refusal?.code == .notAllowed)
            }
        }
    }

    @Test func `A worker of another cluster is not talked to`() async throws {
        let stranger = try TestAuthority().security(.member)
        try await withListener(stranger) { endpoint, accepting in
            let error = await #expect(throws: TransportError.self) {
                _ = try await dial(endpoint, with: try cluster.security(.coordinator))
            }
            #expect(error?.code == .notSecured)
            #expect(accepting.events.isEmpty)
        }
    }

    @Test func `A coordinator is not taken for a worker`() async throws {
        try await withListener(try cluster.security(.coordinator)) { endpoint, accepting in
            let error = await #expect(throws: TransportError.self) {
                _ = try await dial(endpoint, with: try cluster.security(.coordinator))
            }
            #expect(error?.code == .notSecured)
            #expect(accepting.events.isEmpty)
        }
    }

    @Test func `Another member than the one that is meant is not talked to, wherever both say they are`() async throws {
        let (coordinator, member) = (try cluster.security(.coordinator), try cluster.security(.member))
        try await withListener(member) { endpoint, accepting in
            let error = await #expect(throws: TransportError.self) {
                _ = try await dial(endpoint, with: coordinator, member: ClusterIdentity(new: .member).id)
            }
            #expect(error?.code == .notSecured)
            #expect(accepting.events.isEmpty)
            try await dial(endpoint, with: coordinator, member: member.credentials.identity.id).close()
        }
    }

    @Test func `A plain listener is told from a secured one`() async throws {
        let plain = TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: .patient)
        let listener = try await plain.listen(
            on: Peers.loopback, welcome: { _ in .success(Peers.welcome) }, handler: { _ in RecordingHandler() })
        let error = await #expect(throws: TransportError.self) {
            _ = try await dial(listener.boundEndpoint, with: try cluster.security(.coordinator))
        }
        #expect(error?.code == .notSecured && error?.message.contains("--insecure") == true, "\(error?.message ?? "")")
        await listener.close()
    }

    @Test func `New credentials are shown on new links`() async throws {
        let expired = try cluster.credentials(.coordinator, issued: TestAuthority.now - 91 * 86_400)
        let coordinator = try LinkSecurity(expired)
        try await withListener(try cluster.security(.member)) { endpoint, accepting in
            let handler = RecordingHandler()
            // With TLS 1.3 the dialing side may learn of the refusal after its own handshake: no link opens.
            await #expect(throws: TransportError.self) {
                _ = try await dial(endpoint, with: coordinator, handler: handler)
            }
            #expect(handler.events.isEmpty && accepting.events.isEmpty)
            let renewed = try cluster.authority.issue(
                to: expired.key, identity: expired.identity, name: "lap", now: TestAuthority.now)
            try coordinator.renew(
                Credentials(key: expired.key, certificate: renewed, authority: expired.authority))
            try await dial(endpoint, with: coordinator).close()
        }
    }

    /// A device whose clock is behind sees certificates that are made in its future, and so on. Bounds as in Deploy/SECURITY.md, ten minutes
    /// on either side: a busy machine takes its time.
    @Test(
        arguments: [
            (-86_400 + 600, true), (-86_400 - 600, false), (30 * 86_400, true), (90 * 86_400 - 600, true),
            (90 * 86_400 + 600, false),
        ] as [(Int64, Bool)])
    func `Links open for clocks that are a day behind, and ahead until certificates end`(
        ahead: Int64, opens: Bool
    ) async throws {
        // Of an authority that was made as long before.
        let cluster = TestAuthority(of: try Authority.make(now: TestAuthority.now - ahead))
        let peer = try LinkSecurity(cluster.credentials(.coordinator, issued: TestAuthority.now - ahead))
        try await withListener(try LinkSecurity(cluster.credentials(.member, issued: TestAuthority.now))) {
            endpoint, accepting in
            let handler = RecordingHandler()
            let link = try? await dial(endpoint, with: peer, handler: handler)
            #expect((link != nil) == opens)
            if opens { _ = try await accepting.openedLink() } else { #expect(accepting.events.isEmpty) }
            link?.close()
        }
    }

    @Test func `A clock that is found wrong is told with both times`() async throws {
        try await withListener(try cluster.security(.member)) { endpoint, _ in
            // Its own reading of the certificate, which has another clock than TLS in this test.
            let coordinator = try LinkSecurity(cluster.credentials(.coordinator), clock: { 75 })
            let error = await #expect(throws: TransportError.self) { _ = try await dial(endpoint, with: coordinator) }
            #expect(
                error?.message.contains("1970-01-01 00:01:15Z") == true
                    && error?.message.contains(ClockComparison.text(TestAuthority.now + 90 * 86_400).prefix(4)) == true
                    && error?.message.contains("timedatectl") == true, "\(error?.message ?? "")")
        }
    }

    @Test func `Removing a device ends its links everywhere, and it gets no new ones`() async throws {
        let coordinator = try cluster.security(.coordinator)
        let told = Mutex<[RevocationList]>([])
        let staying = try LinkSecurity(
            cluster.credentials(.member, name: "pi1"), onRevocations: { list in told.withLock { $0.append(list) } })
        let removed = try cluster.security(.member, name: "pi2")
        try await withListener(staying) { stayingEndpoint, _ in
            try await withListener(removed) { removedEndpoint, _ in
                let (toStaying, toRemoved, fromRemoved) = (RecordingHandler(), RecordingHandler(), RecordingHandler())
                let kept = try await dial(stayingEndpoint, with: coordinator, handler: toStaying)
                _ = try await dial(removedEndpoint, with: coordinator, handler: toRemoved)
                _ = try await dial(stayingEndpoint, with: removed, as: .shards, handler: fromRemoved)
                let list = RevocationList(version: 1, devices: [removed.credentials.identity.id])
                coordinator.revoke(list)
                #expect(await toRemoved.closedError()?.code == .revoked)
                #expect(await fromRemoved.closedError()?.code == .connectionLost)
                #expect(told.withLock { $0 } == [list])
                await #expect(throws: TransportError.self) {
                    _ = try await dial(removedEndpoint, with: coordinator)
                }
                await #expect(throws: TransportError.self) {
                    _ = try await dial(stayingEndpoint, with: removed, as: .shards)
                }
                #expect(toStaying.events == [.opened])
                kept.close()
            }
        }
    }

    @Test func `A worker that links later is told first whom to shut out`() async throws {
        let list = RevocationList(version: 3, devices: [ClusterIdentity(new: .member).id])
        let coordinator = try LinkSecurity(cluster.credentials(.coordinator), revoked: list)
        let (told, continuation) = AsyncStream.makeStream(of: RevocationList.self)
        let member = try LinkSecurity(
            cluster.credentials(.member), onRevocations: { continuation.yield($0) })
        try await withListener(member) { endpoint, accepting in
            let link = try await dial(endpoint, with: coordinator)
            for await first in told {
                #expect(first == list)
                break
            }
            // The transport's own business: neither side's owner sees it.
            link.send(numbered(1))
            #expect(await accepting.frames(1) == [numbered(1)])
            link.close()
        }
    }

    @Test func `A list of any length arrives, and a shorter one of later takes nobody back`() async throws {
        let devices = Set((0..<WireLimits.revocations + 10).map { _ in ClusterIdentity(new: .member).id })
        let coordinator = try LinkSecurity(
            cluster.credentials(.coordinator), revoked: RevocationList(version: 9, devices: devices))
        let member = try cluster.security(.member)
        try await withListener(member) { endpoint, accepting in
            let link = try await dial(endpoint, with: coordinator)
            link.send(numbered(1))
            #expect(await accepting.frames(1) == [numbered(1)])
            #expect(member.revoked == RevocationList(version: 9, devices: devices))
            link.close()
            // Of a coordinator whose state was put back to an earlier one.
            let other = ClusterIdentity(new: .member).id
            let restored = try LinkSecurity(
                cluster.credentials(.coordinator), revoked: RevocationList(version: 1, devices: [other]))
            let later = try await dial(endpoint, with: restored)
            later.send(numbered(2))
            _ = await accepting.events { $0.contains(.received(numbered(2))) }
            #expect(member.revoked == RevocationList(version: 9, devices: devices.union([other])))
            later.close()
        }
    }

    @Test func `It is known from where the coordinator links, as long as it does`() async throws {
        let member = try cluster.security(.member)
        try await withListener(member) { endpoint, accepting in
            let other = try await dial(endpoint, with: try cluster.security(.member), as: .shards)
            _ = try await accepting.openedLink()
            #expect(member.coordinatorHosts == [])
            other.close()
            let link = try await dial(endpoint, with: try cluster.security(.coordinator))
            while member.coordinatorHosts != ["127.0.0.1"] { try await Task.sleep(for: .milliseconds(5)) }
            link.close()
            while !member.coordinatorHosts.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    @Test func `A removed device is a stranger on a port for strangers, and nothing elsewhere`() async throws {
        let removed = try cluster.security(.member)
        let revoked = RevocationList(version: 1, devices: [removed.credentials.identity.id])
        let coordinator = try LinkSecurity(cluster.credentials(.coordinator), revoked: revoked)
        try await withListener(coordinator) { endpoint, accepting in
            let link = try await dial(endpoint, with: removed, as: .join)
            #expect(try await accepting.openedLink().peer.identity == nil)
            link.close()
        }
    }

    @Test func `A member cannot shut others out`() async throws {
        let (member, other) = (try cluster.security(.member), try cluster.security(.member))
        try await withListener(member) { endpoint, accepting in
            let link = try await dial(endpoint, with: other, as: .inspector)
            link.send(.revocations(Revocations(version: 9, devices: [other.credentials.identity.id])))
            link.send(numbered(1))
            _ = await accepting.frames(2)
            #expect(member.revoked == RevocationList())
            link.close()
        }
    }

    @Test func `No more connections are taken than there are places for`() async throws {
        let accepting = RecordingHandler()
        let listener = try await transport(try cluster.security(.member)).listen(
            on: Peers.loopback, bounds: ConnectionBounds(connections: 1), welcome: { _ in .success(Peers.welcome) },
            handler: { _ in accepting })
        let coordinator = try cluster.security(.coordinator)
        let first = RecordingHandler()
        let link = try await dial(listener.boundEndpoint, with: coordinator, handler: first)
        await #expect(throws: TransportError.self) { _ = try await dial(listener.boundEndpoint, with: coordinator) }
        link.close()
        _ = await first.closedError()
        _ = await accepting.closedError()
        // The place is free a moment after the link has closed.
        while true {
            if let next = try? await dial(listener.boundEndpoint, with: coordinator) {
                next.close()
                break
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        await listener.close()
    }

    private func transport(_ security: LinkSecurity) -> TCPTransport {
        TCPTransport(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: .patient, security: .mutual(security))
    }

    private func dial(
        _ endpoint: Endpoint, with security: LinkSecurity, as role: LinkRole = .coordinator, member: String? = nil,
        handler: RecordingHandler = RecordingHandler()
    ) async throws -> any Link {
        try await transport(security).connect(
            to: endpoint, hello: Hello(role: role, session: 7, name: "lap", softwareVersion: ""), member: member,
            handler: handler)
    }

    private func withListener(
        _ security: LinkSecurity, _ body: (Endpoint, RecordingHandler) async throws -> Void
    ) async throws {
        try await TransportTests.withListener(
            transport(security),
            certificates: security.credentials.identity.kind == .coordinator ? .optional : .required, body)
    }
}
