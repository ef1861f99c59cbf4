package import Identity
package import Wire

/// Whose links a worker takes for one session, besides the coordinator's: those of the devices that the coordinator named last. A pure value.
///
/// On links without certificates nobody is known, and nothing is checked.
package struct AdmittedPeers: Sendable, Hashable {
    private var upstream: Set<String> = []
    private var caches: Set<String> = []

    /// Nobody's.
    package init() {}

    package init(_ request: AdmitPeers) {
        upstream = Set(request.upstream)
        caches = Set(request.caches)
    }

    /// Whether a peer may have a link of a role to stages of the session. A coordinator's certificate may: it can place them.
    package func admits(_ identity: ClusterIdentity?, for role: LinkRole) -> Bool {
        guard let identity, identity.kind == .member else { return true }
        return switch role {
        case .upstream: upstream.contains(identity.id)
        case .caches: caches.contains(identity.id)
        case .coordinator: false
        case .inspector, .shards, .join: true
        }
    }
}

extension LoadStage {
    /// Whether a peer may send steps to the stage over an upstream link: the device that was named with it, and the coordinator.
    package func takesSteps(from identity: ClusterIdentity?) -> Bool {
        guard let identity, identity.kind == .member else { return true }
        return identity.id == upstream
    }
}

extension DeviceReport {
    /// What of a report is told to the other side of a link. The number of a session is told to those alone who need it.
    package func told(to peer: LinkRole, session: UInt64) -> DeviceReport {
        var report = self
        switch peer {
        case .coordinator: break
        case .caches: report.stages = stages.filter { $0.session == session }
        case .upstream, .inspector, .shards, .join:
            for index in report.stages.indices { report.stages[index].session = 0 }
        }
        return report
    }
}
