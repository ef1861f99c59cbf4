import CWireProto

/// Tells that a piece is in the store, which lets the sender send the next.
package struct ShardPieceAccepted: Sendable, Hashable {
    /// The shard.
    package var id: ShardID
    /// How many of its first bytes are now in the store.
    package var bytesHeld: UInt64

    package init(id: ShardID, bytesHeld: UInt64) {
        self.id = id
        self.bytesHeld = bytesHeld
    }
}

extension ShardPieceAccepted {
    init(_ proto: Shoal__ShardPieceAccepted) throws(WireError) {
        id = try ProtoReading.id(proto.id, "ShardPieceAccepted.id")
        bytesHeld = try ProtoReading.range(proto.bytes_held, 0...WireLimits.shardBytes, "ShardPieceAccepted.bytes_held")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__ShardPieceAccepted> {
        let proto = arena.make(shoal__shard_piece_accepted__init)
        proto.pointee.id = arena.id(id)
        proto.pointee.bytes_held = bytesHeld
        return proto
    }
}
