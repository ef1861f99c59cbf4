import CWireProto

/// The answer to a shard inquiry, in its order.
package struct ShardInventory: Sendable, Hashable {
    /// What is held of each.
    package var shards: [ShardHolding]

    package init(shards: [ShardHolding]) {
        self.shards = shards
    }
}

extension ShardInventory {
    init(_ proto: Shoal__ShardInventory) throws(WireError) {
        shards = try ProtoReading.list(
            proto.shards, proto.n_shards, "ShardInventory.shards", limit: WireLimits.shardsPerMessage
        ) { (holding) throws(WireError) in
            guard let holding else { throw WireError(.malformedMessage, "ShardInventory.shards: missing") }
            return try ShardHolding(holding.pointee)
        }
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__ShardInventory> {
        let proto = arena.make(shoal__shard_inventory__init)
        guard shards.count <= WireLimits.shardsPerMessage else {
            throw WireError(.tooLarge, "ShardInventory.shards: \(shards.count); at most \(WireLimits.shardsPerMessage)")
        }
        let list = arena.array(of: UnsafeMutablePointer<Shoal__ShardHolding>?.self, count: shards.count)
        for (index, holding) in shards.enumerated() { list[index] = try holding.proto(&arena) }
        proto.pointee.n_shards = shards.count
        proto.pointee.shards = list
        return proto
    }
}
