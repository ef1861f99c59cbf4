package import Identity
package import Logging
package import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
package import Wire

/// Opens links over TCP.
///
/// Thread safety: everything may be called from any thread.
package final class TCPTransport: Sendable {
    /// Decides about a peer by its hello and by who it is; `nil` on plain links.
    package typealias Welcoming = @Sendable (Hello, ClusterIdentity?) -> Result<Welcome, Refusal>

    /// How long `connect` tries when nothing else is said.
    package static let defaultConnectTimeout: TimeAmount = .seconds(5)

    private let eventLoopGroup: any EventLoopGroup
    private let options: LinkOptions
    private let security: TransportSecurity
    private let logger: Logger

    /// - Parameters:
    ///   - eventLoopGroup: a group of NIOPosix, which the caller shuts down after the links are closed.
    ///   - security: how all its links are protected.
    package init(
        eventLoopGroup: any EventLoopGroup, options: LinkOptions = LinkOptions(), security: TransportSecurity = .plain,
        logger: Logger = Logger(label: "shoal.transport")
    ) {
        self.eventLoopGroup = eventLoopGroup
        self.options = options
        self.security = security
        self.logger = logger
    }

    /// Whether links are encrypted, and both sides known by their certificates.
    package var isSecured: Bool { if case .mutual = security.present { true } else { false } }

    /// Opens a link to a worker.
    ///
    /// - Parameters:
    ///   - hello: what this side says of itself.
    ///   - timeout: for resolving, connecting and the handshake together.
    ///   - member: the id of the member that is meant, where links are secured: another one that answers is not talked to. `nil` takes any.
    ///   - handler: takes what comes; its `opened` is called before this returns, and frames may come before too.
    /// - Throws: `TransportError` naming the endpoint, the cause and the mend.
    package func connect(
        to endpoint: Endpoint, hello: Hello, timeout: TimeAmount = TCPTransport.defaultConnectTimeout,
        member: String? = nil, handler: any LinkHandler
    ) async throws(TransportError) -> any Link {
        let timeout = max(timeout, options.leastConnectTimeout)
        let deadline = NIODeadline.now() + timeout
        let options = options
        let security = security.present
        // All of it happens on the event loop: the peer's patience must not depend on when a thread of the cooperative pool is free.
        let link = ClientBootstrap(group: eventLoopGroup)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.recvAllocator, value: Self.receiveAllocator)
            .connect(host: endpoint.host, port: endpoint.port)
            .flatMap { channel in
                // In the next turn: in this one the channel is about to tell its handlers that it is active.
                channel.eventLoop.flatSubmit {
                    let promise = channel.eventLoop.makePromise(of: TCPLink.self)
                    let owner = LinkChannelHandler.Owner(
                        hello: hello, address: endpoint.description,
                        welcome: { _, _ in preconditionFailure("a dialing side was asked to welcome a peer") },
                        admission: security.admission(dialing: endpoint, for: hello.role, member: member),
                        makeHandler: { _ in handler },
                        opened: { promise.succeed($0) },
                        failed: { promise.fail($0) })
                    do {
                        if let tls = try security.clientHandler() {
                            try channel.pipeline.syncOperations.addHandler(tls)
                        }
                        try channel.pipeline.syncOperations.addHandler(
                            LinkChannelHandler(owner: owner, options: options, handshakeTimeout: deadline - .now()))
                    } catch {
                        promise.fail(TransportError(.closedDuringHandshake, peer: endpoint.description))
                    }
                    return promise.futureResult
                }
            }
        do {
            return try await link.get()
        } catch let error as TransportError {
            throw error
        } catch {
            throw TransportError(connecting: error, to: endpoint, timeout: timeout)
        }
    }

    /// Takes links.
    ///
    /// - Parameters:
    ///   - endpoint: where to listen; port 0 takes a free one, see `Listener.boundEndpoint`.
    ///   - welcome: decides about a peer after its version has been found to fit (the welcome's version is filled in);
    ///     called on an event loop, must return quickly.
    ///   - certificates: whose links are taken, where links are secured.
    ///   - bounds: more connections at a time are closed at once.
    ///   - handler: makes the handler of each link; called on an event loop.
    /// - Throws: `TransportError` naming the endpoint, the cause and the mend.
    package func listen(
        on endpoint: Endpoint, certificates: ClientCertificates = .required,
        bounds: ConnectionBounds = ConnectionBounds(),
        welcome: @escaping Welcoming, handler: @escaping @Sendable (PeerIdentity) -> any LinkHandler
    ) async throws(TransportError) -> Listener {
        let links = AcceptedLinks()
        let options = options
        let security = security.present
        let places = ConnectionPlaces(bounds)
        let complaints = Complaints(logger)
        let channel: any Channel
        do {
            channel = try await ServerBootstrap(group: eventLoopGroup)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .childChannelOption(.recvAllocator, value: Self.receiveAllocator)
                .childChannelInitializer { channel in
                    let address = channel.remoteAddress.map { Endpoint($0)?.description ?? "\($0)" } ?? "unknown"
                    guard let place = places.take(from: channel.remoteAddress?.ipAddress ?? "") else {
                        complaints.note("\(address): too many connections at a time")
                        return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
                    }
                    channel.closeFuture.whenComplete { _ in place.closed() }
                    let owner = LinkChannelHandler.Owner(
                        hello: nil, address: address, welcome: welcome,
                        admission: security.admission(from: address, certificates), makeHandler: handler,
                        opened: { link in
                            place.becameLink()
                            links.insert(link, closing: channel.closeFuture)
                        },
                        failed: { complaints.note("\($0)") })
                    return channel.eventLoop.makeCompletedFuture {
                        if let tls = security.serverHandler(certificates) {
                            try channel.pipeline.syncOperations.addHandler(tls)
                        }
                        try channel.pipeline.syncOperations.addHandler(
                            LinkChannelHandler(
                                owner: owner, options: options, handshakeTimeout: options.handshakeTimeout))
                    }
                }
                .bind(host: endpoint.host, port: endpoint.port).get()
        } catch {
            throw TransportError(listening: error, on: endpoint)
        }
        let port = channel.localAddress?.port ?? endpoint.port
        return Listener(boundEndpoint: Endpoint(host: endpoint.host, port: port), channel: channel, links: links)
    }

    /// Takes links of whoever its hello speaks for; as `listen` above.
    package func listen(
        on endpoint: Endpoint, certificates: ClientCertificates = .required,
        bounds: ConnectionBounds = ConnectionBounds(),
        welcome: @escaping @Sendable (Hello) -> Result<Welcome, Refusal>,
        handler: @escaping @Sendable (PeerIdentity) -> any LinkHandler
    ) async throws(TransportError) -> Listener {
        try await listen(
            on: endpoint, certificates: certificates, bounds: bounds,
            welcome: { (hello: Hello, _: ClusterIdentity?) in welcome(hello) }, handler: handler)
    }

    /// Reads of up to 1 MiB, so that large frames take few of them.
    private static var receiveAllocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 1 << 10, initial: 16 << 10, maximum: 1 << 20)
    }
}
