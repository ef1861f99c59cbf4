import CWireProto

/// The answer to a hello: the link is open.
package struct Welcome: Sendable, Hashable {
    /// The protocol version of the link: the highest that both speak. The handshake fills it in.
    package var version: UInt32
    /// The sender's name, for people.
    package var name: String
    /// The sender's program version, for people.
    package var softwareVersion: String

    package init(version: UInt32 = ProtocolVersion.highest, name: String, softwareVersion: String) {
        self.version = version
        self.name = name
        self.softwareVersion = softwareVersion
    }
}

extension Welcome {
    init(_ proto: Shoal__Welcome) throws(WireError) {
        version = try ProtoReading.range(proto.version, 1...UInt32.max, "Welcome.version")
        name = try ProtoReading.text(proto.name, "Welcome.name", limit: WireLimits.nameBytes)
        softwareVersion = try ProtoReading.text(
            proto.software_version, "Welcome.software_version", limit: WireLimits.nameBytes)
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__Welcome> {
        let proto = arena.make(shoal__welcome__init)
        proto.pointee.version = version
        proto.pointee.name = arena.text(name, limit: WireLimits.nameBytes)
        proto.pointee.software_version = arena.text(softwareVersion, limit: WireLimits.nameBytes)
        return proto
    }
}
