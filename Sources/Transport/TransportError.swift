package import Wire

/// Why a link could not be opened or has closed. The message names the peer, the cause and the mend.
package struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure; a struct so that more can be added without breaking switches.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Name: String {
            case invalidAddress, unresolvedName, connectionRefused, unreachable, timeout, portInUse, cannotListen
            case versionMismatch, refused, notShoal, protocolViolation, silent, closedByPeer, connectionLost, congested
            case invalidFrame, notSecured, revoked
        }
        private let name: Name

        /// A text that is not HOST:PORT.
        package static let invalidAddress = Code(name: .invalidAddress)
        /// No address is known for the host's name.
        package static let unresolvedName = Code(name: .unresolvedName)
        /// The host is there, and nothing listens on the port.
        package static let connectionRefused = Code(name: .connectionRefused)
        /// No way to the host, or another failure of the operating system's connect.
        package static let unreachable = Code(name: .unreachable)
        /// The host did not answer in time, or accepted and then said nothing.
        package static let timeout = Code(name: .timeout)
        /// The port to listen on is taken.
        package static let portInUse = Code(name: .portInUse)
        /// The address cannot be listened on.
        package static let cannotListen = Code(name: .cannotListen)
        /// No protocol version in common.
        package static let versionMismatch = Code(name: .versionMismatch)
        /// The peer refused for another reason, which `refusal` holds.
        package static let refused = Code(name: .refused)
        /// The peer speaks something else.
        package static let notShoal = Code(name: .notShoal)
        /// The peer broke the protocol.
        package static let protocolViolation = Code(name: .protocolViolation)
        /// Nothing was heard from the peer for too long.
        package static let silent = Code(name: .silent)
        /// The peer closed the link on purpose.
        package static let closedByPeer = Code(name: .closedByPeer)
        /// The connection broke: the peer died or the network failed.
        package static let connectionLost = Code(name: .connectionLost)
        /// The peer did not take what was sent, and too much waited.
        package static let congested = Code(name: .congested)
        /// This side tried to send a frame that the protocol does not allow.
        package static let invalidFrame = Code(name: .invalidFrame)
        /// The peer cannot be taken for one of the cluster, or does not take this side for one.
        package static let notSecured = Code(name: .notSecured)
        /// The peer was removed from the cluster.
        package static let revoked = Code(name: .revoked)

        package var description: String { name.rawValue }
    }

    /// The kind of failure.
    package let code: Code
    /// Peer, cause and mend.
    package let message: String
    /// What the peer said, when it refused.
    package let refusal: Refusal?

    package init(_ code: Code, _ message: String, refusal: Refusal? = nil) {
        self.code = code
        self.message = message
        self.refusal = refusal
    }

    package var description: String { message }

    /// A connection's failure in the words of a link to `peer`.
    init(_ error: ConnectionError, peer: String) {
        switch error {
        case .wire(let error):
            let code: Code =
                switch error.code {
                case .notShoal: .notShoal
                case .truncated: .connectionLost
                default: .protocolViolation
                }
            self.init(code, "\(peer): \(code == .notShoal ? "not a Shoal peer: " : "")\(error.message)")
        case .refused(let refusal), .refusing(let refusal):
            let code: Code = refusal.code == .versionMismatch ? .versionMismatch : .refused
            self.init(code, "\(peer): \(error.description)", refusal: refusal)
        case .versionNotOffered:
            self.init(.versionMismatch, "\(peer): \(error.description)")
        case .unexpectedFrame:
            self.init(.protocolViolation, "\(peer): \(error.description)")
        case .handshakeTimeout:
            self.init(.timeout, "\(peer): \(error.description); is it a Shoal worker?")
        case .closedDuringHandshake:
            self.init(.connectionLost, "\(peer): \(error.description); is it a Shoal worker?")
        }
    }
}
