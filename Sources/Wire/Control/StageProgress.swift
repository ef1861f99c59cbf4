import CWireProto

/// How far the loading of a stage is.
package struct StageProgress: Sendable, Hashable {
    /// The placement.
    package var epoch: UInt32
    /// The index of travel.
    package var stage: UInt32
    /// Bytes that are ready.
    package var done: UInt64
    /// Bytes in all.
    package var total: UInt64

    package init(epoch: UInt32, stage: UInt32, done: UInt64, total: UInt64) {
        self.epoch = epoch
        self.stage = stage
        self.done = done
        self.total = total
    }
}

extension StageProgress {
    init(_ proto: Shoal__StageProgress) throws(WireError) {
        epoch = proto.epoch
        stage = proto.stage
        done = proto.done
        total = try ProtoReading.memory(proto.total, "StageProgress.total")
        guard done <= total else {
            throw WireError(.valueOutOfRange, "StageProgress: \(done) of \(total) done")
        }
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__StageProgress> {
        let proto = arena.make(shoal__stage_progress__init)
        proto.pointee.epoch = epoch
        proto.pointee.stage = stage
        proto.pointee.done = done
        proto.pointee.total = total
        return proto
    }
}
