import CWireProto

/// Asks what is held of some shards.
package struct ShardInquiry: Sendable, Hashable {
    /// The shards.
    package var ids: [ShardID]
    /// Whether those that nothing needs are removed first; workers of before 0.2 do not know it, and remove nothing.
    package var forgets: Bool

    package init(ids: [ShardID], forgets: Bool = false) {
        self.ids = ids
        self.forgets = forgets
    }
}

extension ShardInquiry {
    init(_ proto: Shoal__ShardInquiry) throws(WireError) {
        ids = try ProtoReading.list(
            proto.ids, proto.n_ids, "ShardInquiry.ids", limit: WireLimits.shardsPerMessage
        ) { (data) throws(WireError) in try ProtoReading.id(data, "ShardInquiry.ids") }
        forgets = proto.forget != 0
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__ShardInquiry> {
        let proto = arena.make(shoal__shard_inquiry__init)
        guard ids.count <= WireLimits.shardsPerMessage else {
            throw WireError(.tooLarge, "ShardInquiry.ids: \(ids.count) ids; at most \(WireLimits.shardsPerMessage)")
        }
        let list = arena.array(of: ProtobufCBinaryData.self, count: ids.count)
        for (index, id) in ids.enumerated() { list[index] = arena.id(id) }
        proto.pointee.n_ids = ids.count
        proto.pointee.ids = list
        proto.pointee.forget = forgets ? 1 : 0
        return proto
    }
}
