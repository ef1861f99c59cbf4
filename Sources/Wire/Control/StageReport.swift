import CWireProto

/// One loaded stage, within a device report.
package struct StageReport: Sendable, Hashable {
    /// The coordinator run that loaded it; 0 where that is not told.
    package var session: UInt64
    /// The placement that it belongs to.
    package var epoch: UInt32
    /// Its index of travel.
    package var stage: UInt32
    /// The model's name.
    package var modelName: String
    /// What it computes.
    package var range: StageRange
    /// Bytes of its weights.
    package var weightBytes: UInt64
    /// Bytes of its KV caches.
    package var keyValueBytes: UInt64
    /// Sequences that are open.
    package var sequences: UInt32
    /// What it did since it was loaded.
    package var work: StageWork

    package init(
        session: UInt64, epoch: UInt32, stage: UInt32, modelName: String, range: StageRange, weightBytes: UInt64,
        keyValueBytes: UInt64, sequences: UInt32, work: StageWork = StageWork()
    ) {
        self.session = session
        self.epoch = epoch
        self.stage = stage
        self.modelName = modelName
        self.range = range
        self.weightBytes = weightBytes
        self.keyValueBytes = keyValueBytes
        self.sequences = sequences
        self.work = work
    }
}

extension StageReport {
    init(_ proto: Shoal__StageReport) throws(WireError) {
        session = proto.session
        epoch = proto.epoch
        stage = proto.stage
        modelName = try ProtoReading.text(proto.model_name, "StageReport.model_name", limit: WireLimits.nameBytes)
        range = try StageRange(proto.range, "StageReport.range")
        weightBytes = proto.weight_bytes
        keyValueBytes = proto.key_value_bytes
        sequences = proto.sequences
        work = StageWork(
            steps: proto.steps, rows: proto.rows, computeNanoseconds: proto.compute_nanoseconds,
            waitNanoseconds: proto.wait_nanoseconds, receivedBytes: proto.received_bytes, sentBytes: proto.sent_bytes,
            networkSteps: proto.network_steps, networkNanoseconds: proto.network_nanoseconds)
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__StageReport> {
        let proto = arena.make(shoal__stage_report__init)
        proto.pointee.session = session
        proto.pointee.epoch = epoch
        proto.pointee.stage = stage
        proto.pointee.model_name = arena.text(modelName, limit: WireLimits.nameBytes)
        proto.pointee.range = try range.proto(&arena)
        proto.pointee.weight_bytes = weightBytes
        proto.pointee.key_value_bytes = keyValueBytes
        proto.pointee.sequences = sequences
        proto.pointee.steps = work.steps
        proto.pointee.rows = work.rows
        proto.pointee.compute_nanoseconds = work.computeNanoseconds
        proto.pointee.wait_nanoseconds = work.waitNanoseconds
        proto.pointee.received_bytes = work.receivedBytes
        proto.pointee.sent_bytes = work.sentBytes
        proto.pointee.network_steps = work.networkSteps
        proto.pointee.network_nanoseconds = work.networkNanoseconds
        return proto
    }
}
