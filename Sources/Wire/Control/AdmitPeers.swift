import CWireProto

/// Tells a worker whose links it takes for this session besides the coordinator's; the reply is `PeersAdmitted`. What was told before is
/// over with it.
package struct AdmitPeers: Sendable, Hashable {
    /// The identities of devices that may open links of role `UPSTREAM`.
    package var upstream: [String]
    /// The identities of devices that may open links of role `CACHES`.
    package var caches: [String]

    package init(upstream: [String] = [], caches: [String] = []) {
        self.upstream = upstream
        self.caches = caches
    }
}

/// From now on these links are taken, and no others.
package struct PeersAdmitted: Sendable, Hashable {
    package init() {}
}

extension AdmitPeers {
    init(_ proto: Shoal__AdmitPeers) throws(WireError) {
        upstream = try ProtoReading.identities(
            proto.upstream, proto.n_upstream, "AdmitPeers.upstream", limit: WireLimits.admittedPeers)
        caches = try ProtoReading.identities(
            proto.caches, proto.n_caches, "AdmitPeers.caches", limit: WireLimits.admittedPeers)
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__AdmitPeers> {
        guard max(upstream.count, caches.count) <= WireLimits.admittedPeers else {
            throw WireError(
                .tooLarge,
                "AdmitPeers: \(upstream.count) and \(caches.count) devices; at most \(WireLimits.admittedPeers) each")
        }
        let proto = arena.make(shoal__admit_peers__init)
        (proto.pointee.upstream, proto.pointee.n_upstream) = arena.texts(upstream, limit: WireLimits.nameBytes)
        (proto.pointee.caches, proto.pointee.n_caches) = arena.texts(caches, limit: WireLimits.nameBytes)
        return proto
    }
}

extension PeersAdmitted {
    init(_ proto: Shoal__PeersAdmitted) {}

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__PeersAdmitted> {
        arena.make(shoal__peers_admitted__init)
    }
}
