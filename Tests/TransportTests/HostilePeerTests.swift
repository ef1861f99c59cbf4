import NIOCore
import NIOPosix
import Testing
import Transport
import Wire

@Suite(.timeLimit(.minutes(1))) struct HostilePeerTests {
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
        var options = LinkOptions()
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

    @Test func `A peer that falls silent is given up, after it was asked`() async throws {
        var options = LinkOptions()
        options.pingAfter = .milliseconds(20)
        options.giveUpAfter = .seconds(1)
        try await withListener(options) { endpoint, accepting in
            let hello = try bytes(of: .control(ControlMessage(body: .hello(Peers.hello))))
            var answer = try await RawPeer.connect(to: endpoint).exchange([hello])
            #expect(await accepting.closedError()?.code == .silent)
            var decoder = FrameDecoder()
            var pings = 0
            while let frame = try decoder.decode(buffer: &answer) {
                if case .control(let message) = frame, case .ping = message.body { pings += 1 }
            }
            #expect(pings > 0)
        }
    }

    @Test func `A peer that is idle but alive is kept`() async throws {
        var options = LinkOptions()
        options.pingAfter = .milliseconds(20)
        options.giveUpAfter = .seconds(2)
        try await withLinkPair(.tcp, options: options) { dialing, accepting in
            try await Task.sleep(for: .milliseconds(2_500))
            dialing.link.send(numbered(1))
            #expect(await accepting.handler.frames(1) == [numbered(1)])
            #expect(dialing.handler.events == [.opened])
        }
    }

    @Test func `More than may wait to be sent ends the link`() async throws {
        var options = LinkOptions()
        options.maximumPendingBytes = 1 << 20
        try await withLinkPair(.tcp, options: options) { dialing, accepting in
            dialing.link.send(step(rows: 300, width: 1_024))
            #expect(await dialing.handler.closedError()?.code == .congested)
            #expect(await accepting.handler.closedError()?.code == .connectionLost)
        }
    }

    private func withListener(
        _ options: LinkOptions = LinkOptions(), _ body: (Endpoint, RecordingHandler) async throws -> Void
    ) async throws {
        try await TransportTests.withListener(
            TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: options),
            welcome: {
                $0.role == .inspector ? .failure(Refusal(code: .busy, message: "alive")) : .success(Peers.welcome)
            }, body)
    }

    private func expectAlive(_ endpoint: Endpoint) async throws {
        let transport = TCPTransport(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        let hello = Hello(role: .inspector, session: 0, name: "lap", softwareVersion: "")
        do {
            _ = try await transport.connect(to: endpoint, hello: hello, handler: RecordingHandler())
            Issue.record("welcomed")
        } catch {
            #expect(error.refusal?.message == "alive")
        }
    }
}
