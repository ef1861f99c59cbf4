import CWireProto

/// The answer to a load request: the stage takes steps.
package struct StageLoaded: Sendable, Hashable {
    /// The placement.
    package var epoch: UInt32
    /// The index of travel.
    package var stage: UInt32
    /// Bytes of its weights.
    package var weightBytes: UInt64
    /// How long it took.
    package var loadMilliseconds: UInt64

    package init(epoch: UInt32, stage: UInt32, weightBytes: UInt64, loadMilliseconds: UInt64) {
        self.epoch = epoch
        self.stage = stage
        self.weightBytes = weightBytes
        self.loadMilliseconds = loadMilliseconds
    }
}

extension StageLoaded {
    init(_ proto: Shoal__StageLoaded) throws(WireError) {
        epoch = proto.epoch
        stage = proto.stage
        weightBytes = proto.weight_bytes
        loadMilliseconds = proto.load_milliseconds
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__StageLoaded> {
        let proto = arena.make(shoal__stage_loaded__init)
        proto.pointee.epoch = epoch
        proto.pointee.stage = stage
        proto.pointee.weight_bytes = weightBytes
        proto.pointee.load_milliseconds = loadMilliseconds
        return proto
    }
}
