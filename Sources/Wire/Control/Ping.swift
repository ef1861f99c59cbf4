import CWireProto

/// Asks whether the peer is alive; the transport answers.
package struct Ping: Sendable, Hashable {
    /// Comes back in the pong.
    package var nonce: UInt64

    /// Whether the answer is to come when the next frame is there, whose way it times.
    package var timesNext: Bool

    package init(nonce: UInt64, timesNext: Bool = false) {
        self.nonce = nonce
        self.timesNext = timesNext
    }
}

extension Ping {
    init(_ proto: Shoal__Ping) throws(WireError) {
        nonce = proto.nonce
        timesNext = proto.times_next != 0
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__Ping> {
        let proto = arena.make(shoal__ping__init)
        proto.pointee.nonce = nonce
        proto.pointee.times_next = timesNext ? 1 : 0
        return proto
    }
}
