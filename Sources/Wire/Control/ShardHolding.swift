import CWireProto

/// What is held of one shard, within an inventory.
package struct ShardHolding: Sendable, Hashable {
    /// The shard.
    package var id: ShardID
    /// How many of its first bytes are in the store: where a transfer goes on.
    package var bytesHeld: UInt64
    /// Whether all of it is there and its SHA-256 was right.
    package var complete: Bool

    package init(id: ShardID, bytesHeld: UInt64, complete: Bool) {
        self.id = id
        self.bytesHeld = bytesHeld
        self.complete = complete
    }
}

extension ShardHolding {
    init(_ proto: Shoal__ShardHolding) throws(WireError) {
        id = try ProtoReading.id(proto.id, "ShardHolding.id")
        bytesHeld = try ProtoReading.range(proto.bytes_held, 0...WireLimits.shardBytes, "ShardHolding.bytes_held")
        complete = proto.complete != 0
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__ShardHolding> {
        let proto = arena.make(shoal__shard_holding__init)
        proto.pointee.id = arena.id(id)
        proto.pointee.bytes_held = bytesHeld
        proto.pointee.complete = complete ? 1 : 0
        return proto
    }
}
