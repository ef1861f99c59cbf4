import CWireProto

/// A stage of an earlier epoch of the session, from which a new one takes over caches.
package struct CacheSource: Sendable, Hashable {
    /// Its placement.
    package var epoch: UInt32
    /// Its index of travel.
    package var stage: UInt32
    /// The worker that holds it, as `HOST:PORT`; `nil` is the one that is asked.
    package var address: String?
    /// The identity that the worker there must have, where links are secured.
    package var identity: String?

    package init(epoch: UInt32, stage: UInt32, address: String? = nil, identity: String? = nil) {
        self.epoch = epoch
        self.stage = stage
        self.address = address
        self.identity = identity
    }
}

extension CacheSource {
    init(_ proto: Shoal__CacheSource) throws(WireError) {
        epoch = proto.epoch
        stage = proto.stage
        let text = try ProtoReading.text(proto.address, "CacheSource.address", limit: WireLimits.addressBytes)
        address = text.isEmpty ? nil : text
        identity = try ProtoReading.identity(proto.identity, "CacheSource.identity")
    }

    func proto(_ arena: inout ProtoArena) -> UnsafeMutablePointer<Shoal__CacheSource> {
        let proto = arena.make(shoal__cache_source__init)
        proto.pointee.epoch = epoch
        proto.pointee.stage = stage
        proto.pointee.address = arena.text(address ?? "", limit: WireLimits.addressBytes)
        proto.pointee.identity = arena.text(identity ?? "", limit: WireLimits.nameBytes)
        return proto
    }
}
