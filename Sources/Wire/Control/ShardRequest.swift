import CWireProto

/// Asks another worker for a part of a shard that it holds; the answer is shard pieces, in order.
package struct ShardRequest: Sendable, Hashable {
    /// The shard.
    package var id: ShardID
    /// Where the part begins, in bytes.
    package var offset: UInt64
    /// Its length, in bytes.
    package var count: UInt64

    package init(id: ShardID, offset: UInt64, count: UInt64) {
        self.id = id
        self.offset = offset
        self.count = count
    }
}

extension ShardRequest {
    init(_ proto: Shoal__ShardRequest) throws(WireError) {
        id = try ProtoReading.id(proto.id, "ShardRequest.id")
        offset = try ProtoReading.range(proto.offset, 0...WireLimits.shardBytes, "ShardRequest.offset")
        count = try ProtoReading.range(proto.count, 1...WireLimits.shardBytes, "ShardRequest.count")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__ShardRequest> {
        let proto = arena.make(shoal__shard_request__init)
        proto.pointee.id = arena.id(id)
        proto.pointee.offset = offset
        proto.pointee.count = count
        return proto
    }
}
