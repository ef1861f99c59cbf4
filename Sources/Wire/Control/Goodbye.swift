import CWireProto

/// The last frame before an orderly close.
package struct Goodbye: Sendable, Hashable {
    /// Why, for people.
    package var reason: String

    package init(reason: String) {
        self.reason = reason
    }
}

extension Goodbye {
    init(_ proto: Shoal__Goodbye) throws(WireError) {
        reason = try ProtoReading.text(proto.reason, "Goodbye.reason", limit: WireLimits.messageBytes)
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__Goodbye> {
        let proto = arena.make(shoal__goodbye__init)
        proto.pointee.reason = arena.text(reason, limit: WireLimits.messageBytes)
        return proto
    }
}
