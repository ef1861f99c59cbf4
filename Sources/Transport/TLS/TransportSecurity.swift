import Identity
import NIOSSL
import Wire

/// How a transport's links are protected.
package enum TransportSecurity: Sendable {
    /// Not at all: whoever reaches a port can read and change everything.
    case plain
    /// Mutual TLS 1.3 among the coordinator and the members of one cluster.
    case mutual(LinkSecurity)
    /// Plain until there is a cluster, and then mutual; what it is now counts for each link and listener.
    case late(LateSecurity)
    /// TLS 1.3 to a coordinator, without a certificate of one's own: for a device that joins. Its authority's certificate must have
    /// this SHA-256, and its own be valid at any of these times. Dials only.
    case joining(fingerprint: [UInt8], times: ClosedRange<Int64>)
    /// TLS 1.3 to whoever shows a coordinator's certificate, of any cluster: for a device that finds out by a code whose it is. Dials only.
    case pairing(SeenCertificate)
    /// As `mutual`, to a coordinator's join port whatever the date: a device whose clock is wrong must be able to learn of it. Dials only.
    case renewing(LinkSecurity)
}

/// Whose links a listener takes, when they are secured.
package enum ClientCertificates: Sendable, Hashable {
    /// Those who show a valid certificate.
    case required
    /// Those who show a valid certificate, or none: for joining. A removed device's is taken for none.
    case optional
}

extension TransportSecurity {
    /// What it is now: never `late`.
    var present: TransportSecurity { if case .late(let security) = self { security.present } else { self } }

    /// What is decided about the peer of a side that dials; `nil` on plain links.
    func admission(dialing endpoint: Endpoint, for role: LinkRole, member: String?) -> PeerAdmission? {
        switch self {
        case .plain: nil
        case .late(let security): security.present.admission(dialing: endpoint, for: role, member: member)
        case .mutual(let security): security.admission(dialing: endpoint, for: role, member: member)
        // The handshake has verified it already, by the fingerprint. Nothing is believed of such a link but what it was opened for.
        case .joining, .renewing: PeerAdmission(admit: { _ in PeerAdmission.Peer() }, security: nil)
        case .pairing(let seen):
            PeerAdmission(
                admit: { certificate in
                    seen.note(certificate)
                    return PeerAdmission.Peer()
                }, security: nil)
        }
    }

    /// What is decided about the peer of a side that listens; `nil` on plain links.
    func admission(from address: String, _ certificates: ClientCertificates) -> PeerAdmission? {
        if case .mutual(let security) = present { security.admission(from: address, certificates) } else { nil }
    }

    func clientHandler() throws -> NIOSSLClientHandler? {
        switch self {
        case .plain: nil
        case .late(let security): try security.present.clientHandler()
        case .mutual(let security): try NIOSSLClientHandler(context: security.clientContext, serverHostname: nil)
        case .joining(let fingerprint, let times):
            try TLSContexts.joiningHandler(context: nil, fingerprint: fingerprint, times: times)
        case .pairing: try TLSContexts.joiningHandler(context: nil, fingerprint: nil, times: nil)
        case .renewing(let security):
            try TLSContexts.joiningHandler(
                context: security.clientContext, fingerprint: security.credentials.authority.fingerprint, times: nil)
        }
    }

    func serverHandler(_ certificates: ClientCertificates) -> NIOSSLServerHandler? {
        switch self {
        case .plain: nil
        case .late(let security): security.present.serverHandler(certificates)
        case .mutual(let security): NIOSSLServerHandler(context: security.serverContext(certificates))
        case .joining, .pairing, .renewing: preconditionFailure("a device that joins does not listen")
        }
    }
}
