package import Identity
package import Wire

/// Who is on the other side of a link, and what the link is for.
package struct PeerIdentity: Sendable, Hashable {
    /// The peer's name, for people.
    package var name: String
    /// What the link is for, as the dialing side said in its hello; the same on both sides.
    package var role: LinkRole
    /// The coordinator run that the link belongs to, as the dialing side said; the same on both sides.
    package var session: UInt64
    /// Where the peer is: the endpoint that was dialed, or the remote address of an accepted link.
    package var address: String
    /// The protocol version of the link.
    package var version: UInt32
    /// The peer's program version, for people.
    package var softwareVersion: String
    /// Who the peer is by its certificate; `nil` on a link without one: plain, in process, or of a device that joins.
    package var identity: ClusterIdentity?
    /// The device that was removed whose certificate the peer showed, which is as none; on links for joining.
    package var removed: ClusterIdentity?

    package init(
        name: String, role: LinkRole, session: UInt64, address: String, version: UInt32, softwareVersion: String,
        identity: ClusterIdentity? = nil
    ) {
        self.name = name
        self.role = role
        self.session = session
        self.address = address
        self.version = version
        self.softwareVersion = softwareVersion
        self.identity = identity
    }

    /// The accepting side, as the dialing side sees it.
    init(_ welcome: Welcome, hello: Hello, address: String, identity: ClusterIdentity? = nil) {
        self.init(
            name: welcome.name, role: hello.role, session: hello.session, address: address, version: welcome.version,
            softwareVersion: welcome.softwareVersion, identity: identity)
    }

    /// The dialing side, as the accepting side sees it.
    init(_ hello: Hello, version: UInt32, address: String, identity: ClusterIdentity? = nil) {
        self.init(
            name: hello.name, role: hello.role, session: hello.session, address: address, version: version,
            softwareVersion: hello.softwareVersion, identity: identity)
    }
}
