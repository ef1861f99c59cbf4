import Synchronization

/// Security that a coordinator gets while it runs: `shoal init` may come after `shoal serve`. Safe from any thread.
///
/// Until then there must be nobody to link to: those links would be plain.
package final class LateSecurity: Sendable {
    private let security = Mutex<LinkSecurity?>(nil)

    package init() {}

    /// From now on links are secured with it.
    package func set(_ security: LinkSecurity) { self.security.withLock { $0 = security } }

    var present: TransportSecurity { security.withLock { $0 }.map { .mutual($0) } ?? .plain }
}
