import CWireProto

/// The answer to a ping.
package struct Pong: Sendable, Hashable {
    /// The ping's number.
    package var nonce: UInt64

    package init(nonce: UInt64) {
        self.nonce = nonce
    }
}

extension Pong {
    init(_ proto: Shoal__Pong) throws(WireError) {
        nonce = proto.nonce
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__Pong> {
        let proto = arena.make(shoal__pong__init)
        proto.pointee.nonce = nonce
        return proto
    }
}
