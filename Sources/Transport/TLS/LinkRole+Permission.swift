import Identity
import Wire

extension LinkRole {
    /// Whether a peer that showed a certificate of this kind, or none, may open a link for this purpose.
    func isOpen(to kind: ClusterIdentity.Kind?) -> Bool {
        switch self {
        case .coordinator: kind == .coordinator
        // The coordinator's own device may hold stages too.
        case .upstream, .inspector, .shards, .caches: kind != nil
        case .join: kind != .coordinator
        }
    }

    /// Who must be on the accepting side.
    var acceptingKind: ClusterIdentity.Kind { self == .join ? .coordinator : .member }
}
