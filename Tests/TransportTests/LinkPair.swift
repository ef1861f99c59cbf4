import Identity
import NIOCore
import NIOPosix
import TestSupport
import Transport
import Wire

/// The ways to carry a link; one suite runs on all.
enum Carrier: String, CaseIterable, Sendable {
    case tcp
    case tls
    case inProcess
}

enum Peers {
    static let hello = Hello(role: .coordinator, session: 7, name: "lap", softwareVersion: "0.1.0")
    static let welcome = Welcome(name: "pi1", softwareVersion: "0.2.0")
    static let loopback = Endpoint(host: "127.0.0.1", port: 0)
}

/// Runs `body` with an open link, then closes all.
func withLinkPair(
    _ carrier: Carrier, options: LinkOptions = .patient, hello: Hello = Peers.hello,
    dialing: RecordingHandler = RecordingHandler(),
    accepting: RecordingHandler = RecordingHandler(),
    _ body: (
        _ dialing: (link: any Link, handler: RecordingHandler), _ accepting: (link: any Link, handler: RecordingHandler)
    )
        async throws -> Void
) async throws {
    switch carrier {
    case .inProcess:
        let links = InProcessLink.pair(
            hello: hello, welcome: Peers.welcome, limits: options.limits, dialing: dialing, accepting: accepting)
        try await body((links.dialing, dialing), (links.accepting, accepting))
        links.dialing.close()
        links.accepting.close()
    case .tcp, .tls:
        func transport(_ kind: ClusterIdentity.Kind) throws -> TCPTransport {
            TCPTransport(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: options,
                security: carrier == .tls ? .mutual(try TestAuthority.shared.security(kind)) : .plain)
        }
        let listener = try await transport(.member).listen(
            on: Peers.loopback, welcome: { _ in .success(Peers.welcome) }, handler: { _ in accepting })
        do {
            let link = try await transport(.coordinator).connect(
                to: listener.boundEndpoint, hello: hello, handler: dialing)
            try await body((link, dialing), (try await accepting.openedLink(), accepting))
            link.close()
        } catch {
            await listener.close()
            throw error
        }
        await listener.close()
    }
}

/// Runs `body` with a listener whose links `accepting` owns, then closes it.
func withListener(
    _ transport: TCPTransport, certificates: ClientCertificates = .required,
    welcome: @escaping @Sendable (Hello) -> Result<Welcome, Refusal> = { _ in .success(Peers.welcome) },
    accepting: RecordingHandler = RecordingHandler(), _ body: (Endpoint, RecordingHandler) async throws -> Void
) async throws {
    let listener = try await transport.listen(
        on: Peers.loopback, certificates: certificates, welcome: welcome, handler: { _ in accepting })
    do {
        try await body(listener.boundEndpoint, accepting)
    } catch {
        await listener.close()
        throw error
    }
    await listener.close()
}

/// A frame that tells its number.
func numbered(_ number: Int) -> Frame {
    .control(ControlMessage(request: UInt64(number), body: .describeDevice(DescribeDevice())))
}

/// A step of `rows` by `width` float32 of a pattern that depends on every index.
func step(rows: Int, width: Int, number: UInt64 = 1) -> Frame {
    var payload = ByteBuffer()
    let values = (0..<rows * width).map { Float(truncatingIfNeeded($0 &* 2_654_435_761 &+ Int(number))) }
    ActivationCodec.f32.encode(values, into: &payload)
    return .step(
        StepFrame(
            epoch: 1, stage: 1, step: number,
            entries: [.rows(sequence: 1, position: 0, count: UInt32(rows), output: .last)], width: width, codec: .f32,
            payload: payload))
}

/// What a peer sends for a frame.
func bytes(of frame: Frame) throws -> ByteBuffer {
    let encoded = try FrameEncoder.encode(frame)
    var buffer = encoded.head
    if let bulk = encoded.bulk { buffer.writeImmutableBuffer(bulk) }
    return buffer
}

private func truncatingIfNeeded(_ value: Int) -> Int32 { Int32(truncatingIfNeeded: value) }
