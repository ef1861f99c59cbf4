import NIOCore
import NIOPosix
import TestSupport
import Testing
import Transport
import Wire

@Suite(.timeLimit(.minutes(10))) struct HostilePeerTests {
    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: pi1\r\n\r\n", "\u{16}\u{3}\u{1}", String(repeating: "x", count: 100_000), "\0",
    ]) func `Foreign bytes are closed without an answer, and the listener goes on`(text: String) async throws {
        try await withListener { endpoint, accepting in
            let answer = try await RawPeer.connect(to: endpoint).exchange([ByteBuffer(string: text)])
            #expect(answer.readableBytes == 0)
            try await expectAlive(endpoint)
            #expect(accepting.events.isEmpty)
        }
    }

    @Test func `A step before the hello closes`() async throws {
        try await withListener { endpoint, accepting in
            let answer = try await RawPeer.connect(to: endpoint).exchange([try bytes(of: step(rows: 1, width: 1))])
            #expect(answer.readableBytes == 0)
            #expect(accepting.events.isEmpty)
        }
    }

    @Test func `A peer that never says hello is closed`() async throws {
        var options = LinkOptions.patient
        options.handshakeTimeout = .milliseconds(100)
        try await withListener(options) { endpoint, accepting in
            let answer = try await RawPeer.connect(to: endpoint).exchange([])
            #expect(answer.readableBytes == 0)
            #expect(accepting.events.isEmpty)
        }
    }

    @Test func `A hello that comes byte by byte is welcomed, garbage after it ends the link with a reason`()
        async throws
    {
        try await withListener { endpoint, accepting in
            let hello = try bytes(of: .control(ControlMessage(body: .hello(Peers.hello))))
            var parts = hello.readableBytesView.map { ByteBuffer(bytes: [$0]) }
            parts.append(ByteBuffer(string: "garbage"))
            var answer = try await RawPeer.connect(to: endpoint).exchange(parts)
            var decoder = FrameDecoder()
            let first = try decoder.decode(buffer: &answer)
            #expect(
                first == .control(ControlMessage(body: .welcome(Welcome(name: "pi1", softwareVersion: "0.2.0")))))
            #expect(await accepting.closedError()?.code == .notShoal)
        }
    }

    @Test func `A peer that ends without a goodbye is lost`() async throws {
        try await withListener { endpoint, accepting in
            let hello = try bytes(of: .control(ControlMessage(body: .hello(Peers.hello))))
            _ = try await RawPeer.connect(to: endpoint).exchange([hello], until: 1)
            let error = await accepting.closedError()
            #expect(error?.code == .connectionLost)
        }
    }

    @Test func `A peer that says nothing is asked`() async throws {
        var options = LinkOptions.patient
        options.pingAfter = .milliseconds(20)
        try await withListener(options) { endpoint, accepting in
            let hello = try bytes(of: .control(ControlMessage(body: .hello(Peers.hello))))
            let welcome = try bytes(of: .control(ControlMessage(body: .welcome(Peers.welcome)))).readableBytes
            let ping = try bytes(of: .control(ControlMessage(body: .ping(Ping(nonce: 1))))).readableBytes
            var answer = try await RawPeer.connect(to: endpoint).exchange([hello], until: welcome + 2 * ping)
            var decoder = FrameDecoder()
            _ = try decoder.decode(buffer: &answer)
            guard case .control(let message) = try decoder.decode(buffer: &answer), case .ping = message.body else {
                Issue.record("no ping")
                return
            }
        }
    }

    @Test func `A peer that falls silent is given up`() async throws {
        var options = LinkOptions.patient
        options.giveUpAfter = .milliseconds(500)
        try await withListener(options) { endpoint, accepting in
            let hello = try bytes(of: .control(ControlMessage(body: .hello(Peers.hello))))
            _ = try await RawPeer.connect(to: endpoint).exchange([hello])
            #expect(await accepting.closedError()?.code == .silent)
        }
    }

    @Test func `A peer that is idle but alive outlives one that is silent`() async throws {
        var options = LinkOptions.patient
        options.pingAfter = .milliseconds(20)
        options.giveUpAfter = .milliseconds(500)
        // On a busy machine it may seem silent too: then both begin anew.
        var outlives = false
        while !outlives {
            let (alive, silent) = (RecordingHandler(), RecordingHandler())
            let listener = try await TCPTransport(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: options
            ).listen(
                on: Peers.loopback, welcome: { _ in .success(Peers.welcome) },
                handler: { $0.role == .inspector ? silent : alive })
            let patient = TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: .patient)
            _ = try await patient.connect(
                to: listener.boundEndpoint, hello: Peers.hello, handler: RecordingHandler())
            let hello = Hello(role: .inspector, session: 0, name: "silent", softwareVersion: "")
            _ = try await RawPeer.connect(to: listener.boundEndpoint).exchange([
                try bytes(of: .control(ControlMessage(body: .hello(hello))))
            ])
            #expect(await silent.closedError()?.code == .silent)
            outlives = alive.events == [.opened]
            await listener.close()
        }
    }

    @Test func `More than may wait to be sent ends the link`() async throws {
        var options = LinkOptions.patient
        options.maximumPendingBytes = 1 << 20
        try await withLinkPair(.tcp, options: options) { dialing, accepting in
            dialing.link.send(step(rows: 300, width: 1_024))
            #expect(await dialing.handler.closedError()?.code == .congested)
            #expect(await accepting.handler.closedError()?.code == .connectionLost)
        }
    }

    private func withListener(
        _ options: LinkOptions = .patient, _ body: (Endpoint, RecordingHandler) async throws -> Void
    ) async throws {
        try await TransportTests.withListener(
            TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: options),
            welcome: {
                $0.role == .inspector ? .failure(Refusal(code: .busy, message: "alive")) : .success(Peers.welcome)
            }, body)
    }

    private func expectAlive(_ endpoint: Endpoint) async throws {
        let transport = TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: .patient)
        let hello = Hello(role: .inspector, session: 0, name: "lap", softwareVersion: "")
        do {
            _ = try await transport.connect(to: endpoint, hello: hello, handler: RecordingHandler())
            Issue.record("welcomed")
        } catch {
            #expect(error.refusal?.message == "alive")
        }
    }
}
