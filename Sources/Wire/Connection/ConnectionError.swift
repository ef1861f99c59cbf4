/// Why a connection was given up, as the state machine sees it.
package enum ConnectionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The peer sent bytes that are not this protocol's.
    case wire(WireError)
    /// The peer refused the hello.
    case refused(Refusal)
    /// This side refused the peer's hello.
    case refusing(Refusal)
    /// The peer chose a version that was not offered.
    case versionNotOffered(UInt32)
    /// The peer sent something else than its part of the handshake, or a part of it again.
    case unexpectedFrame(String)
    /// The handshake took too long.
    case handshakeTimeout
    /// The connection closed before the handshake was done.
    case closedDuringHandshake

    package var description: String {
        switch self {
        case .wire(let error): error.description
        case .refused(let refusal): "refused: \(refusal.message)"
        case .refusing(let refusal): "refused the peer: \(refusal.message)"
        case .versionNotOffered(let version): "the peer chose protocol version \(version), which was not offered"
        case .unexpectedFrame(let what): "the peer sent \(what) where the handshake does not allow it"
        case .handshakeTimeout: "the peer accepted the connection but did not say hello in time"
        case .closedDuringHandshake: "the peer closed the connection before the handshake was done"
        }
    }
}
