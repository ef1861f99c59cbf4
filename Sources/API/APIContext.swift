import ClusterStore
package import Hummingbird
import NIOCore

/// What a route knows of its request besides the request.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The client's connection; without its watch in tests that have no socket.
    private let channel: any Channel
    /// The key that it came with; `nil` where none is needed.
    var key: AccessKey?
    /// What a request for an answer holds within its key's limit.
    var permit: AccessPermit?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The client's; nil in tests that have no socket.
    var remoteAddress: SocketAddress? { channel.remoteAddress }

    /// The server's own address on this connection.
    var localAddress: SocketAddress? { channel.localAddress }

    /// Whose request it is, for equal shares: the key's, else of the network that it comes from. Never of whom it says that it is from,
    /// or a client that has many names would have many shares.
    var client: String { key.map { "key \($0.id)" } ?? ClientAddress(channel.remoteAddress).description }

    /// Tells when the client goes away.
    func connectionWatch() async -> ConnectionWatch? {
        try? await channel.pipeline.handler(type: ConnectionWatch.self).get()
    }
}
