import CWireProto

/// Asks a worker how fast its link to another one is.
package struct MeasureLink: Sendable, Hashable {
    /// Where the other worker listens, as `HOST:PORT`.
    package var address: String
    /// The identity that the worker there must have, where links are secured.
    package var identity: String?

    package init(address: String, identity: String? = nil) {
        self.address = address
        self.identity = identity
    }
}

extension MeasureLink {
    init(_ proto: Shoal__MeasureLink) throws(WireError) {
        address = try ProtoReading.text(proto.address, "MeasureLink.address", limit: WireLimits.addressBytes)
        guard !address.isEmpty else { throw WireError(.valueOutOfRange, "MeasureLink.address: empty") }
        identity = try ProtoReading.identity(proto.identity, "MeasureLink.identity")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__MeasureLink> {
        let proto = arena.make(shoal__measure_link__init)
        proto.pointee.address = arena.text(address, limit: WireLimits.addressBytes)
        proto.pointee.identity = arena.text(identity ?? "", limit: WireLimits.nameBytes)
        return proto
    }
}
