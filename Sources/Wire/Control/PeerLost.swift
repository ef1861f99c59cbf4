import CWireProto

/// Tells the coordinator that a stage's link to the next one broke.
package struct PeerLost: Sendable, Hashable {
    /// The placement.
    package var epoch: UInt32
    /// The stage that lost its next.
    package var stage: UInt32
    /// What happened, for people.
    package var message: String

    package init(epoch: UInt32, stage: UInt32, message: String) {
        self.epoch = epoch
        self.stage = stage
        self.message = message
    }
}

extension PeerLost {
    init(_ proto: Shoal__PeerLost) throws(WireError) {
        epoch = proto.epoch
        stage = proto.stage
        message = try ProtoReading.text(proto.message, "PeerLost.message", limit: WireLimits.messageBytes)
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__PeerLost> {
        let proto = arena.make(shoal__peer_lost__init)
        proto.pointee.epoch = epoch
        proto.pointee.stage = stage
        proto.pointee.message = arena.text(message, limit: WireLimits.messageBytes)
        return proto
    }
}
