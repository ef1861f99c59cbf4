import Identity
import NIOCore
import NIOPosix
import NIOSSL
import TestSupport
import Testing
import Transport
import Wire

/// What comes to the port of a worker of a closed cluster, and is not of it.
@Suite(.timeLimit(.minutes(10))) struct UninvitedPeerTests {
    enum Stranger: String, CaseIterable, Sendable {
        case withoutCertificate, ofAnotherAuthority, expired, notYetValid, revoked
    }

    @Test(arguments: Stranger.allCases) func `Nothing of Shoal's is answered to a stranger`(stranger: Stranger)
        async throws
    {
        let cluster = TestAuthority.shared
        let revoked = try cluster.credentials(.member)
        let credentials: Credentials? =
            switch stranger {
            case .withoutCertificate: nil
            case .ofAnotherAuthority: try TestAuthority().credentials(.coordinator)
            case .expired: try cluster.credentials(.coordinator, issued: TestAuthority.now - 91 * 86_400)
            case .notYetValid: try cluster.credentials(.coordinator, issued: TestAuthority.now + 2 * 86_400)
            case .revoked: revoked
            }
        try await withListener(revoking: [revoked.identity.id]) { endpoint, accepting in
            let answer = try await RawTLSPeer(credentials).exchange(try hello(), with: endpoint)
            #expect(answer.readableBytes == 0)
            #expect(accepting.events.isEmpty)
        }
    }

    @Test func `TLS 1.2 is refused with a certificate that TLS 1.3 is taken with`() async throws {
        for version in [TLSVersion.tlsv12, .tlsv13] {
            try await withListener { endpoint, accepting in
                var peer = try RawTLSPeer(try TestAuthority.shared.credentials(.coordinator))
                peer.configuration.maximumTLSVersion = version
                let answer = try await peer.exchange(try hello(), with: endpoint)
                #expect((answer.readableBytes > 0) == (version == .tlsv13))
                #expect(accepting.events.isEmpty == (version == .tlsv12))
            }
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: pi1\r\n\r\n", String(repeating: "x", count: 100_000), "SHOL\u{1}\0\0\0",
        "\u{16}\u{3}\u{1}\0\u{5}hello",
    ]) func `Plain bytes get a TLS alert and nothing else`(text: String) async throws {
        try await withListener { endpoint, accepting in
            let answer = try await RawPeer.connect(to: endpoint).exchange([ByteBuffer(string: text)])
            // An alert may be lost, where the listener closes before it has read all.
            #expect(answer.readableBytes == 0 || answer.isOnlyAlerts)
            #expect(accepting.events.isEmpty)
        }
    }

    @Test func `A plain hello gets a TLS alert, and the dialing side is told what is wrong`() async throws {
        try await withListener { endpoint, accepting in
            let answer = try await RawPeer.connect(to: endpoint).exchange([try hello()])
            #expect(answer.isOnlyAlerts)
            let plain = TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: .patient)
            let error = await #expect(throws: TransportError.self) {
                _ = try await plain.connect(to: endpoint, hello: Peers.hello, handler: RecordingHandler())
            }
            #expect(error?.message.contains("--insecure") == true)
            #expect(accepting.events.isEmpty)
        }
    }

    @Test func `One who connects and says nothing is closed`() async throws {
        var options = LinkOptions.patient
        options.handshakeTimeout = .milliseconds(200)
        let security = try TestAuthority.shared.security(.member)
        try await TransportTests.withListener(
            TCPTransport(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: options, security: .mutual(security))
        ) { endpoint, accepting in
            let answer = try await RawPeer.connect(to: endpoint).exchange([])
            #expect(answer.readableBytes == 0)
            #expect(accepting.events.isEmpty)
        }
    }

    @Test func `One who is shut out before it says hello opens nothing, or is closed after it was opened`() async throws
    {
        let member = try TestAuthority.shared.credentials(.member)
        let security = try LinkSecurity(TestAuthority.shared.credentials(.member))
        let hello = Hello(role: .inspector, session: 0, name: "pi9", softwareVersion: "")
        let bytes = try FrameEncoder.encode(.control(ControlMessage(body: .hello(hello)))).head
        try await withListener(security: security) { endpoint, accepting in
            // Its side of TLS is done by then; the other one's may be, or not.
            _ = try await RawTLSPeer(member).exchange(bytes, with: endpoint) {
                security.revoke(RevocationList(version: 1, devices: [member.identity.id]))
            }
            while accepting.events == [.opened] { try await Task.sleep(for: .milliseconds(5)) }
            #expect(accepting.events == [] || accepting.events.first == .opened && accepting.events.count == 2)
        }
    }

    @Test func `Who connects often and says nothing has only so many places`() async throws {
        let bounds = ConnectionBounds(unfinished: 3, unfinishedOfAddress: 2)
        let accepting = RecordingHandler { frame, link in link.send(frame) }
        let transport = TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: .patient)
        let listener = try await transport.listen(
            on: Peers.loopback, bounds: bounds, welcome: { _ in .success(Peers.welcome) }, handler: { _ in accepting })
        let endpoint = listener.boundEndpoint
        // Links are none of them. One that answers is known to be a link on the other side too.
        var links: [any Link] = []
        for number in 0..<4 {
            let handler = RecordingHandler()
            let link = try await transport.connect(to: endpoint, hello: Peers.hello, handler: handler)
            link.send(numbered(number))
            #expect(await handler.frames(1) == [numbered(number)])
            links.append(link)
        }
        // Of three, in whatever order they are taken, one is closed: then the others have their places.
        let (closed, close) = AsyncStream.makeStream(of: Int.self)
        var silent: [Task<Void, Never>] = []
        for _ in 0..<3 {
            let peer = try await RawPeer.connect(to: endpoint)
            silent.append(
                Task {
                    let answer = try? await peer.exchange([])
                    close.yield(answer?.readableBytes ?? -1)
                })
        }
        #expect(await closed.first { _ in true } == 0)
        await #expect(throws: TransportError.self) {
            _ = try await transport.connect(to: endpoint, hello: Peers.hello, handler: RecordingHandler())
        }
        for peer in silent { peer.cancel() }
        for peer in silent { await peer.value }
        while (try? await transport.connect(to: endpoint, hello: Peers.hello, handler: RecordingHandler())) == nil {
            try await Task.sleep(for: .milliseconds(5))
        }
        for link in links { link.close() }
        await listener.close()
    }

    private func hello() throws -> ByteBuffer {
        try FrameEncoder.encode(.control(ControlMessage(body: .hello(Peers.hello)))).head
    }

    /// Runs `body` with a worker's listener, and shows that it still takes a good link after it.
    private func withListener(
        options: LinkOptions = .patient, revoking devices: Set<String> = [], security: LinkSecurity? = nil,
        _ body: (Endpoint, RecordingHandler) async throws -> Void
    ) async throws {
        let security =
            try security
            ?? LinkSecurity(
                TestAuthority.shared.credentials(.member), revoked: RevocationList(version: 1, devices: devices))
        let accepting = RecordingHandler()
        let listener = try await TCPTransport(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: options, security: .mutual(security)
        ).listen(on: Peers.loopback, welcome: { _ in .success(Peers.welcome) }, handler: { _ in accepting })
        do {
            try await body(listener.boundEndpoint, accepting)
            let friend = TCPTransport(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: .patient,
                security: .mutual(try TestAuthority.shared.security(.coordinator)))
            let link = try await friend.connect(
                to: listener.boundEndpoint, hello: Peers.hello, handler: RecordingHandler())
            link.close()
        } catch {
            await listener.close()
            throw error
        }
        await listener.close()
    }
}
