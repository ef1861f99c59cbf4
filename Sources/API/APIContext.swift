package import Hummingbird
import NIOCore

/// What a route knows of its request besides the request.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The client's connection; without its watch in tests that have no socket.
    private let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The client's; nil in tests that have no socket.
    var remoteAddress: SocketAddress? { channel.remoteAddress }

    /// The address of the client's device.
    var peer: String { channel.remoteAddress?.ipAddress ?? "local" }

    /// Tells when the client goes away.
    func connectionWatch() async -> ConnectionWatch? {
        try? await channel.pipeline.handler(type: ConnectionWatch.self).get()
    }
}
