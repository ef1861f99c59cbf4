import Identity
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Transport

/// A TLS client that speaks bytes, and trusts everybody: a peer that does what no link would.
struct RawTLSPeer {
    var configuration: TLSConfiguration

    /// - Parameter credentials: what it shows; nil is no certificate.
    init(_ credentials: Credentials?) throws {
        configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        guard let credentials else { return }
        configuration.certificateChain = try [credentials.certificate.der, credentials.authority.der].map {
            .certificate(try NIOSSLCertificate(bytes: $0, format: .der))
        }
        configuration.privateKey = .privateKey(
            try NIOSSLPrivateKey(bytes: Array(credentials.key.pem.utf8), format: .pem))
    }

    /// Sends the bytes, and reads until the other side closes or something came.
    ///
    /// - Parameter before: what happens before they are sent, once this side is done with the handshake.
    /// - Returns: what came, decrypted.
    func exchange(
        _ bytes: ByteBuffer, with endpoint: Endpoint, before: (() async throws -> Void)? = nil
    ) async throws -> ByteBuffer {
        let context = try NIOSSLContext(configuration: configuration)
        let (isSecured, secured) = AsyncStream.makeStream(of: Void.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: endpoint.host, port: endpoint.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(context: context, serverHostname: nil)
                    try channel.pipeline.syncOperations.addHandlers([tls, HandshakeWatch { secured.finish() }])
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        var answer = ByteBuffer()
        if let before {
            for await _ in isSecured {}
            try await before()
        }
        do {
            try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(bytes)
                for try await part in inbound {
                    answer.writeImmutableBuffer(part)
                    break
                }
            }
        } catch {
            // How the other side, or this one, ended it.
        }
        return answer
    }
}

/// Tells when TLS is done, or the connection is over.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let isDone: () -> Void

    init(_ isDone: @escaping () -> Void) { self.isDone = isDone }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { isDone() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isDone()
        context.fireChannelInactive()
    }
}

extension ByteBuffer {
    /// Whether it is TLS alerts and nothing else (RFC 8446, 5.1 and 6: type 21, a version of 2 bytes, a length of 2 bytes, which is 2).
    var isOnlyAlerts: Bool {
        let bytes = Array(readableBytesView)
        return !bytes.isEmpty && bytes.count % 7 == 0
            && stride(from: 0, to: bytes.count, by: 7).allSatisfy {
                bytes[$0] == 21 && bytes[$0 + 1] == 3 && bytes[$0 + 3] == 0 && bytes[$0 + 4] == 2
            }
    }
}
