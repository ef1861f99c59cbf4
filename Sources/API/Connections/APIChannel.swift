import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL

/// How a connection to the API is set up: the gate next to the socket, then TLS, then HTTP/1.1.
struct APIChannel: ServerChildChannel {
    let http: HTTP1Channel
    let connections: Connections
    /// `nil` is plain HTTP.
    let tls: NIOSSLContext?

    init(responder: @escaping HTTPChannelHandler.Responder, connections: Connections, tls: NIOSSLContext?) {
        let limits = connections.limits
        http = HTTP1Channel(
            responder: responder,
            configuration: .init(
                additionalChannelHandlers: [ConnectionWatch()],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerFieldBytes, maxHeaderListSize: limits.headBytes,
                    maxHeaderFieldCount: limits.headerFields)))
        self.connections = connections
        self.tls = tls
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        let added = channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(ConnectionGate(connections))
            if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
        }
        return added.flatMap { http.setup(channel: channel, logger: logger) }.flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let gate = try pipeline.handler(type: ConnectionGate.self)
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(RequestWatch(gate), position: .after(decoder))
            return value
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}
