import CWireProto

/// Tells that a shard is whole and its SHA-256 was right.
package struct ShardStored: Sendable, Hashable {
    /// The shard.
    package var id: ShardID

    package init(id: ShardID) {
        self.id = id
    }
}

extension ShardStored {
    init(_ proto: Shoal__ShardStored) throws(WireError) {
        id = try ProtoReading.id(proto.id, "ShardStored.id")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__ShardStored> {
        let proto = arena.make(shoal__shard_stored__init)
        proto.pointee.id = arena.id(id)
        return proto
    }
}
