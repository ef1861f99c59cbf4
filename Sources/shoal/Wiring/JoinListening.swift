import CoordinatorCore
import Foundation
import Identity
import Logging
import NIOPosix
import ServiceLifecycle
import Transport

/// Takes devices into the cluster while the coordinator runs.
struct JoinListening {
    let service: JoinService
    let security: LinkSecurity
    let authority: AuthorityFolder
    let endpoint: Endpoint
    let logger: Logger

    /// Opens the port.
    ///
    /// - Throws: `CommandError`
    /// - Returns: what goes on with it until it is shut down.
    func listen() async throws -> Running {
        let transport = TCPTransport(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, options: JoinService.linkOptions,
            security: .mutual(security), logger: logger)
        do {
            let listener = try await transport.listen(
                on: endpoint, certificates: .optional, bounds: JoinService.connectionBounds,
                welcome: { [service] in service.welcome($0) }, handler: { [service] in service.handler(for: $0) })
            Console.error(
                "devices join at \(listener.boundEndpoint.words): shoal join there, with this machine's name, and shoal approve here"
            )
            return Running(joining: self, listener: listener)
        } catch {
            throw CommandError(
                error.message.replacingOccurrences(of: "--listen HOST:PORT", with: "--join-listen HOST:PORT"))
        }
    }

    struct Running: Service {
        fileprivate let joining: JoinListening
        fileprivate let listener: Listener

        func run() async throws {
            let watching = Task { await joining.service.watchStore() }
            let renewing = Task { await joining.renew() }
            try? await gracefulShutdown()
            watching.cancel()
            renewing.cancel()
            await listener.close()
        }
    }

    /// Renews the coordinator's own certificate in time; looked at daily.
    fileprivate func renew() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(86_400))
            do {
                guard let credentials = try authority.coordinator(now: LinkSecurity.systemClock()),
                    credentials.certificate.life != security.credentials.certificate.life
                else { continue }
                try security.renew(credentials)
            } catch {
                logger.error("the coordinator's certificate cannot be renewed", metadata: ["reason": "\(error)"])
            }
        }
    }
}
