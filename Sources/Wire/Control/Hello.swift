import CWireProto

/// The first frame of a link, from the side that dialed.
package struct Hello: Sendable, Hashable {
    /// The lowest protocol version that the sender speaks.
    package var lowestVersion: UInt32
    /// The highest protocol version that the sender speaks.
    package var highestVersion: UInt32
    /// What the link is for.
    package var role: LinkRole
    /// The coordinator's run, a random number; an upstream link carries the session whose steps it brings.
    package var session: UInt64
    /// The sender's name, for people.
    package var name: String
    /// The sender's program version, for people.
    package var softwareVersion: String

    package init(
        lowestVersion: UInt32 = ProtocolVersion.lowest, highestVersion: UInt32 = ProtocolVersion.highest,
        role: LinkRole, session: UInt64, name: String, softwareVersion: String
    ) {
        self.lowestVersion = lowestVersion
        self.highestVersion = highestVersion
        self.role = role
        self.session = session
        self.name = name
        self.softwareVersion = softwareVersion
    }
}

extension Hello {
    init(_ proto: Shoal__Hello) throws(WireError) {
        lowestVersion = proto.lowest_version
        highestVersion = proto.highest_version
        role = try ProtoReading.known(proto.role.rawValue, "Hello.role")
        session = proto.session
        name = try ProtoReading.text(proto.name, "Hello.name", limit: WireLimits.nameBytes)
        softwareVersion = try ProtoReading.text(
            proto.software_version, "Hello.software_version", limit: WireLimits.nameBytes)
        guard lowestVersion >= 1, lowestVersion <= highestVersion else {
            throw WireError(
                .valueOutOfRange, "Hello: versions \(lowestVersion) to \(highestVersion) are not a range from 1 upward")
        }
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__Hello> {
        let proto = arena.make(shoal__hello__init)
        proto.pointee.lowest_version = lowestVersion
        proto.pointee.highest_version = highestVersion
        proto.pointee.role = Shoal__LinkRole(rawValue: role.rawValue)
        proto.pointee.session = session
        proto.pointee.name = arena.text(name, limit: WireLimits.nameBytes)
        proto.pointee.software_version = arena.text(softwareVersion, limit: WireLimits.nameBytes)
        return proto
    }
}
