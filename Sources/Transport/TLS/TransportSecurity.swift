import NIOSSL
import Wire

/// How a transport's links are protected.
package enum TransportSecurity: Sendable {
    /// Not at all: whoever reaches a port can read and change everything.
    case plain
    /// Mutual TLS 1.3 among the coordinator and the members of one cluster.
    case mutual(LinkSecurity)
    /// TLS 1.3 to a coordinator, without a certificate of one's own: for a device that joins. Its authority's certificate must have
    /// this SHA-256. Dials only.
    case joining(fingerprint: [UInt8])
}

/// Whose links a listener takes, when they are secured.
package enum ClientCertificates: Sendable, Hashable {
    /// Those who show a valid certificate.
    case required
    /// Those who show a valid certificate, or none: for joining. A removed device's is taken for none.
    case optional
}

extension TransportSecurity {
    /// What is decided about the peer of a side that dials; `nil` on plain links.
    func admission(dialing endpoint: Endpoint, for role: LinkRole, member: String?) -> PeerAdmission? {
        switch self {
        case .plain: nil
        case .mutual(let security): security.admission(dialing: endpoint, for: role, member: member)
        // The handshake has verified it already, by the fingerprint.
        case .joining: PeerAdmission(admit: { _ in PeerAdmission.Peer() }, security: nil)
        }
    }

    /// What is decided about the peer of a side that listens; `nil` on plain links.
    func admission(from address: String, _ certificates: ClientCertificates) -> PeerAdmission? {
        if case .mutual(let security) = self { security.admission(from: address, certificates) } else { nil }
    }

    func clientHandler() throws -> NIOSSLClientHandler? {
        switch self {
        case .plain: nil
        case .mutual(let security): try NIOSSLClientHandler(context: security.clientContext, serverHostname: nil)
        case .joining(let fingerprint): try TLSContexts.joiningHandler(fingerprint: fingerprint)
        }
    }

    func serverHandler(_ certificates: ClientCertificates) -> NIOSSLServerHandler? {
        switch self {
        case .plain: nil
        case .mutual(let security): NIOSSLServerHandler(context: security.serverContext(certificates))
        case .joining: preconditionFailure("a device that joins does not listen")
        }
    }
}
