import CoordinatorCore
import Foundation
import Identity
import Logging
import ServiceLifecycle
import Synchronization
import Transport

/// Takes devices in from when `shoal init` was run, where that is after the coordinator began.
///
/// Until then the coordinator has no devices, so that nothing was plain which is to be secured.
struct LateJoining: Service {
    /// What takes devices in, once there is anything.
    final class Present: Sendable {
        private let service: Mutex<JoinService?>

        init(_ service: JoinService?) { self.service = Mutex(service) }

        var value: JoinService? { service.withLock { $0 } }

        fileprivate func set(_ service: JoinService) { self.service.withLock { $0 = service } }
    }

    let authority: AuthorityFolder
    let security: LateSecurity
    let present: Present
    /// The devices that are shut out.
    let revoked: @Sendable () throws -> RevocationList
    /// Makes what takes devices in.
    let make: @Sendable (LinkSecurity) throws -> JoinListening?
    /// Makes what finds members again; `nil` where nothing is to.
    let discovery: @Sendable (JoinService, LinkSecurity) -> WorkerDiscovery?
    let logger: Logger

    private static let interval = Duration.seconds(1)

    func run() async throws {
        guard let (joining, running) = await begun() else { return }
        let finding = discovery(joining.service, joining.security)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await running.run() }
            if let finding { group.addTask { try? await finding.run() } }
        }
    }

    /// Waits until there is an authority; `nil` when the coordinator is to end first, or the port cannot be opened.
    private func begun() async -> (JoinListening, JoinListening.Running)? {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do {
                if let credentials = try authority.coordinator(now: LinkSecurity.systemClock()) {
                    let security = try LinkSecurity(credentials, revoked: try revoked())
                    guard let joining = try make(security) else { return nil }
                    self.security.set(security)
                    let running = try await joining.listen()
                    present.set(joining.service)
                    return (joining, running)
                }
            } catch {
                logger.error(
                    "devices cannot join before this coordinator is started again", metadata: ["reason": "\(error)"])
                return nil
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
        }
        return nil
    }
}
