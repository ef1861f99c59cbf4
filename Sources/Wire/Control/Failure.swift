import CWireProto

/// The answer to any request that could not be done.
package struct Failure: Sendable, Hashable {
    /// Why.
    package var code: FailureCode
    /// Cause and mend, for people.
    package var message: String
    /// The shard that it is about, where it is about one.
    package var shard: ShardID?

    package init(code: FailureCode, message: String, shard: ShardID? = nil) {
        self.code = code
        self.message = message
        self.shard = shard
    }
}

extension Failure {
    init(_ proto: Shoal__Failure) throws(WireError) {
        code = try ProtoReading.known(proto.code.rawValue, "Failure.code")
        message = try ProtoReading.text(proto.message, "Failure.message", limit: WireLimits.messageBytes)
        shard = proto.shard.len == 0 ? nil : try ProtoReading.id(proto.shard, "Failure.shard")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__Failure> {
        let proto = arena.make(shoal__failure__init)
        proto.pointee.code = Shoal__FailureCode(rawValue: code.rawValue)
        proto.pointee.message = arena.text(message, limit: WireLimits.messageBytes)
        if let shard { proto.pointee.shard = arena.id(shard) }
        return proto
    }
}
