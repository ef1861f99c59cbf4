package import Identity
import NIOSSL
import Synchronization
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What secured links of a coordinator or member have in common: its credentials, whom it shuts out, and the links that are open.
///
/// All transports of a process share one. Credentials may be renewed at any time: links that are opened later use them. BoringSSL
/// verifies the peer's chain against the authority in the handshake; after it, and again by this program's own reading of the certificate,
/// comes who the peer is and whether it was removed. Safe from any thread.
package final class LinkSecurity: Sendable {
    /// Seconds since 1970.
    package typealias Clock = @Sendable () -> Int64
    package static let systemClock: Clock = { Int64(time(nil)) }

    private struct State {
        var credentials: Credentials
        var client: NIOSSLContext
        var server: [ClientCertificates: NIOSSLContext]
        var revoked: RevocationList
        var links: [ObjectIdentifier: TCPLink] = [:]
        var endedCoordinatorLinks = 0
        /// The clocks of devices that are known, by the devices' ids.
        var clocks: [String: ClockComparison] = [:]
    }

    private let state: Mutex<State>
    private let clock: Clock
    private let onRevocations: @Sendable (RevocationList) -> Void

    /// - Parameters:
    ///   - revoked: the devices that are shut out as far as that is known.
    ///   - onRevocations: called with every newer list, on any thread; must return quickly.
    /// - Throws: `TransportError` (notSecured) for credentials that TLS cannot use.
    package init(
        _ credentials: Credentials, revoked: RevocationList = RevocationList(),
        clock: @escaping Clock = LinkSecurity.systemClock,
        onRevocations: @escaping @Sendable (RevocationList) -> Void = { _ in }
    ) throws(TransportError) {
        let (client, server) = try TLSContexts.make(credentials)
        state = Mutex(State(credentials: credentials, client: client, server: server, revoked: revoked))
        self.clock = clock
        self.onRevocations = onRevocations
    }

    package var credentials: Credentials { state.withLock { $0.credentials } }

    /// The devices that are shut out.
    package var revoked: RevocationList { state.withLock { $0.revoked } }

    /// Shows another certificate from now on, on links that are opened from now on.
    ///
    /// - Throws: `TransportError` (notSecured) for credentials that TLS cannot use; then all stays as it is.
    package func renew(_ credentials: Credentials) throws(TransportError) {
        let (client, server) = try TLSContexts.make(credentials)
        state.withLock { state in
            state.credentials = credentials
            state.client = client
            state.server = server
        }
    }

    /// Whether the coordinator said that this device itself is shut out.
    package var isShutOut: Bool { state.withLock { $0.revoked.contains($0.credentials.identity) } }

    /// The hosts from which the coordinator is linked to this device now, or to which this device is linked there.
    package var coordinatorHosts: [String] {
        let peers = state.withLock { $0.links.values.map(\.peer) }.filter { $0.identity?.kind == .coordinator }
        return Set(peers.compactMap { try? Endpoint(parsing: $0.address).host }).sorted()
    }

    /// How many links of a coordinator's to this device have ended.
    package var endedCoordinatorLinks: Int { state.withLock { $0.endedCoordinatorLinks } }

    /// Shuts devices out: closes their links, takes no more of them, and, on the coordinator, tells all workers that are linked. A list
    /// that says nothing new changes nothing; none lets a device in that was shut out.
    package func revoke(_ list: RevocationList) {
        let change = state.withLock { state in
            state.revoked.unite(with: list) ? (Array(state.links.values), state.revoked) : nil
        }
        guard let (links, list) = change else { return }
        onRevocations(list)
        for link in links {
            if let identity = link.peer.identity, list.contains(identity) {
                // It need not read that before the link ends: then it is told when it asks.
                tellItself(link, identity, list)
                link.fail(
                    TransportError(.revoked, "\(link.peer.address): \(link.peer.name) was removed from the cluster"))
            } else {
                tell(link, list)
            }
        }
    }

    /// Notes what a device's clock says beside the coordinator's, to tell where links do not open for it.
    ///
    /// - Parameter id: the device's; on the device, its own.
    package func note(_ clock: ClockComparison, of id: String) {
        state.withLock { $0.clocks[id] = clock.endangersLinks ? clock : nil }
    }

    // MARK: Clocks

    /// Why a member may not be linked to; `nil` where nothing is known of its clock.
    ///
    /// - Parameter saysExpired: whether it says that this side's certificate has expired, or is not valid yet.
    private func clockHint(of member: String?, saysExpired: Bool) -> String? {
        let (credentials, clocks) = state.withLock { ($0.credentials, $0.clocks) }
        if let member, let clock = clocks[member] {
            return "its clock \(clock.summary). There: \(ClockComparison.mend)"
        }
        let (now, life) = (clock(), credentials.certificate.life)
        guard saysExpired, life.contains(now) else { return nil }
        return
            "its clock, or this machine's, is wrong: it says that this machine's certificate has expired or is not valid yet, which is good from \(ClockComparison.text(life.start)) to \(ClockComparison.text(life.end)), and here it is \(ClockComparison.text(now)). On the one that is wrong: \(ClockComparison.mend)"
    }

    /// Why this device may take no links; `nil` where its clock may be right.
    private var ownClockHint: String? {
        let (credentials, clocks) = state.withLock { ($0.credentials, $0.clocks) }
        if let clock = clocks[credentials.identity.id] {
            return "this device's clock \(clock.summary). Set it: \(ClockComparison.mend)"
        }
        let (now, life) = (clock(), credentials.certificate.life)
        guard now < life.start else { return nil }
        return
            "this device's clock says \(ClockComparison.text(now)), and this device's own certificate is good from \(ClockComparison.text(life.start)) on. Set it: \(ClockComparison.mend)"
    }

    // MARK: For channels

    var clientContext: NIOSSLContext { state.withLock { $0.client } }

    func serverContext(_ certificates: ClientCertificates) -> NIOSSLContext {
        state.withLock { state in
            guard let context = state.server[certificates] else {
                preconditionFailure("no context for \(certificates)")
            }
            return context
        }
    }

    /// Of a side that dials `endpoint` for some purpose; `member` is the id of the only member that is meant.
    func admission(dialing endpoint: Endpoint, for role: LinkRole, member: String?) -> PeerAdmission {
        PeerAdmission(
            admit: { [self] (certificate) throws(TransportError) in
                guard let certificate else { throw .notAdmitted(endpoint.description, "it showed no certificate") }
                let identity = try check(certificate, of: endpoint.description)
                guard identity.kind == role.acceptingKind else {
                    throw .notAdmitted(
                        endpoint.description, "it is a \(identity.kind.rawValue), not a \(role.acceptingKind.rawValue)")
                }
                if let member, member != identity.id {
                    throw .notAdmitted(
                        endpoint.description,
                        "another member answers than the one that said it is there; that one may be off, and tells its address when it starts"
                    )
                }
                return PeerAdmission.Peer(identity: identity)
            }, security: self, clockHint: { [self] in clockHint(of: member, saysExpired: $0) ?? ownClockHint })
    }

    /// Of a side that listens.
    func admission(from address: String, _ certificates: ClientCertificates) -> PeerAdmission {
        PeerAdmission(
            admit: { [self] (certificate) throws(TransportError) in
                guard let certificate else {
                    guard certificates == .optional else { throw .notAdmitted(address, "it showed no certificate") }
                    return PeerAdmission.Peer()
                }
                do throws(TransportError) {
                    return PeerAdmission.Peer(identity: try check(certificate, of: address))
                } catch {
                    // A removed device's is as none: it is told why it gets nothing, and asks no more.
                    guard certificates == .optional, error.code == .revoked,
                        let issued = try? IssuedCertificate(der: certificate)
                    else { throw error }
                    return PeerAdmission.Peer(removed: issued.identity)
                }
            }, security: self, clockHint: { [self] _ in ownClockHint })
    }

    /// A link is open: it is closed when its peer is removed. Tells a worker first whom to shut out.
    func opened(_ link: TCPLink) {
        let list = state.withLock { state in
            state.links[ObjectIdentifier(link)] = link
            return state.revoked
        }
        if let identity = link.peer.identity, list.contains(identity) {
            return link.fail(
                TransportError(.revoked, "\(link.peer.address): \(link.peer.name) was removed from the cluster"))
        }
        tell(link, list)
    }

    func closed(_ link: TCPLink) {
        state.withLock { state in
            state.links[ObjectIdentifier(link)] = nil
            if link.peer.role == .coordinator, link.peer.identity?.kind == .coordinator {
                state.endedCoordinatorLinks += 1
            }
        }
    }

    private func tell(_ link: TCPLink, _ list: RevocationList) {
        guard credentials.identity.kind == .coordinator, link.peer.identity?.kind == .member, link.peer.role != .join
        else {
            return
        }
        // Lists unite where they arrive, so that a long one may go in several messages.
        let devices = list.devices.sorted()
        for first in stride(from: 0, to: devices.count, by: WireLimits.revocations) {
            let part = devices[first..<min(devices.count, first + WireLimits.revocations)]
            link.send(.revocations(Revocations(version: list.version, devices: Array(part))))
        }
    }

    /// Tells a device that it was removed.
    private func tellItself(_ link: TCPLink, _ identity: ClusterIdentity, _ list: RevocationList) {
        guard credentials.identity.kind == .coordinator, link.peer.role == .coordinator else { return }
        link.send(.revocations(Revocations(version: list.version, devices: [identity.id])))
    }

    private func check(_ certificate: [UInt8], of address: String) throws(TransportError) -> ClusterIdentity {
        let (authority, revoked) = state.withLock { ($0.credentials.authority, $0.revoked) }
        do throws(IdentityError) {
            let issued = try IssuedCertificate(der: certificate)
            try authority.check(issued, now: clock())
            guard !revoked.contains(issued.identity) else {
                throw IdentityError(.revoked, "\(issued.name) was removed from the cluster")
            }
            return issued.identity
        } catch {
            if error.code == .revoked { throw TransportError(.revoked, "\(address): \(error.message)") }
            throw .notAdmitted(address, error.message)
        }
    }
}

extension TransportError {
    static func notAdmitted(_ address: String, _ reason: String) -> TransportError {
        TransportError(.notSecured, "\(address): not taken as a peer: \(reason)")
    }
}
