package import CoordinatorCore
import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle

/// The API on a port: runs until its task is cancelled or its service group shuts down.
package struct APIServer: Service {
    private let application: Application<RouterResponder<APIContext>>
    private let host: String
    private let port: Int

    /// Describes a server; `run` opens the port.
    /// - Parameters:
    ///   - models: Who serves the model.
    ///   - joining: Takes devices in and removes them; `nil` where none can join.
    ///   - access: Who may ask.
    ///   - port: The port; 0 lets the system choose one.
    ///   - tls: The certificate; `nil` is plain HTTP.
    ///   - sites: Whose pages may ask, and by which names.
    ///   - limits: What connections may take.
    ///   - chatTemplate: What makes prompts of conversations.
    ///   - onListening: Called once requests are accepted, with the address that is bound.
    package init(
        models: ModelHost, access: AccessControl, joining: @escaping @Sendable () -> JoinService? = { nil },
        host: String, port: Int,
        tls: ServerTLS? = nil, sites: SitePolicy = SitePolicy(), limits: ConnectionLimits = ConnectionLimits(),
        chatTemplate: ChatTemplateChoice = .model, logger: Logger,
        onListening: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .notice)
        var sites = sites
        sites.isSecure = tls != nil
        application = Application(
            router: makeAPI(host: models, access: access, joining: joining, sites: sites, chatTemplate: chatTemplate),
            server: HTTPServerBuilder { [connections = Connections(limits: limits)] responder in
                APIChannel(responder: responder, connections: connections, tls: tls?.context)
            },
            configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: "shoal"),
            onServerRunning: { await onListening($0.localAddress) },
            logger: quiet)
    }

    /// Answers requests.
    /// - Throws: `APIServerError` when the port cannot be opened.
    package func run() async throws {
        do {
            try await application.run()
        } catch {
            throw APIServerError(error, host: host, port: port) ?? error
        }
    }

    /// Opens a port and closes it again, to find out before the long work of placing a model that it cannot be used.
    /// - Throws: `APIServerError`.
    package static func checkFree(host: String, port: Int) async throws {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                // Who comes in this moment is sent away, rather than left without an answer.
                .childChannelInitializer { $0.close() }
                .bind(host: host, port: port).get()
            try await channel.close()
        } catch {
            throw APIServerError(error, host: host, port: port) ?? error
        }
    }
}
