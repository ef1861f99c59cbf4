import CWireProto

/// Asks whether the peer is alive; the transport answers.
package struct Ping: Sendable, Hashable {
    /// Comes back in the pong.
    package var nonce: UInt64

    package init(nonce: UInt64) {
        self.nonce = nonce
    }
}

extension Ping {
    init(_ proto: Shoal__Ping) throws(WireError) {
        nonce = proto.nonce
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__Ping> {
        let proto = arena.make(shoal__ping__init)
        proto.pointee.nonce = nonce
        return proto
    }
}
