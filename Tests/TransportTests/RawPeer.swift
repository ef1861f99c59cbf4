import NIOCore
import NIOPosix
import Transport
import Wire

/// A TCP client that speaks bytes: a peer that does what no link would.
struct RawPeer {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    static func connect(to endpoint: Endpoint) async throws -> RawPeer {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: endpoint.host, port: endpoint.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return RawPeer(channel: channel)
    }

    /// Sends the bytes, the last ones once a condition holds, then reads until the other side closes or `enough` is there.
    func exchange(
        _ bytes: [ByteBuffer], until enough: Int = .max, thenOnce condition: @Sendable () -> Bool = { true },
        _ last: ByteBuffer? = nil
    ) async throws -> ByteBuffer {
        try await channel.executeThenClose { inbound, outbound in
            for part in bytes { try await outbound.write(part) }
            while !condition() { try await Task.sleep(for: .milliseconds(1)) }
            if let last { try await outbound.write(last) }
            var answer = ByteBuffer()
            do {
                for try await part in inbound {
                    answer.writeImmutableBuffer(part)
                    if answer.readableBytes >= enough { break }
                }
            } catch is IOError {
                // Reset: the other side closed before it had read all.
            }
            return answer
        }
    }
}

/// A TCP server that answers everything with the same bytes, or with nothing.
struct RawServer {
    let endpoint: Endpoint
    private let channel: any Channel

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let answer: ByteBuffer?

        init(_ answer: ByteBuffer?) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if let answer { context.writeAndFlush(Self.wrapOutboundOut(answer), promise: nil) }
        }
    }

    static func start(answering answer: ByteBuffer?) async throws -> RawServer {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answering(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return RawServer(endpoint: Endpoint(host: "127.0.0.1", port: channel.localAddress?.port ?? 0), channel: channel)
    }

    func stop() async { try? await channel.close().get() }
}
