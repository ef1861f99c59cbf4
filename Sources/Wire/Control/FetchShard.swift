import CWireProto

/// Has a worker get a shard from other devices that hold it; the reply is `ShardStored`.
package struct FetchShard: Sendable, Hashable {
    /// The shard.
    package var id: ShardID
    /// Its length.
    package var totalBytes: UInt64
    /// Where the devices that hold it listen, as `HOST:PORT`, to be tried in this order.
    package var addresses: [String]
    /// The identities that the devices there must have, in the same order, where links are secured; else empty.
    package var identities: [String]

    package init(id: ShardID, totalBytes: UInt64, addresses: [String], identities: [String] = []) {
        self.id = id
        self.totalBytes = totalBytes
        self.addresses = addresses
        self.identities = identities
    }
}

extension FetchShard {
    init(_ proto: Shoal__FetchShard) throws(WireError) {
        id = try ProtoReading.id(proto.id, "FetchShard.id")
        totalBytes = try ProtoReading.range(proto.total_bytes, 1...WireLimits.shardBytes, "FetchShard.total_bytes")
        addresses = try ProtoReading.list(
            proto.addresses, proto.n_addresses, "FetchShard.addresses", limit: WireLimits.addressesPerMessage
        ) { (address) throws(WireError) in
            try ProtoReading.text(address, "FetchShard.addresses", limit: WireLimits.addressBytes)
        }
        guard !addresses.isEmpty else { throw WireError(.valueOutOfRange, "FetchShard.addresses: empty") }
        identities = try ProtoReading.identities(
            proto.identities, proto.n_identities, "FetchShard.identities", limit: WireLimits.addressesPerMessage)
        guard identities.isEmpty || identities.count == addresses.count else {
            throw WireError(
                .valueOutOfRange, "FetchShard.identities: \(identities.count) of \(addresses.count) addresses")
        }
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__FetchShard> {
        let proto = arena.make(shoal__fetch_shard__init)
        proto.pointee.id = arena.id(id)
        proto.pointee.total_bytes = totalBytes
        guard addresses.count <= WireLimits.addressesPerMessage else {
            throw WireError(.tooLarge, "FetchShard.addresses: \(addresses.count) addresses")
        }
        (proto.pointee.addresses, proto.pointee.n_addresses) = arena.texts(addresses, limit: WireLimits.addressBytes)
        (proto.pointee.identities, proto.pointee.n_identities) = arena.texts(identities, limit: WireLimits.nameBytes)
        return proto
    }
}
