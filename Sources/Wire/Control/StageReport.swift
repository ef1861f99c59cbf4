package import ModelParts
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
        weightBytes = try ProtoReading.memory(proto.weight_bytes, "StageReport.weight_bytes")
        keyValueBytes = try ProtoReading.memory(proto.key_value_bytes, "StageReport.key_value_bytes")
        sequences = try ProtoReading.range(proto.sequences, 0...WireLimits.deviceThreads, "StageReport.sequences")
        work = StageWork(
            steps: try ProtoReading.count(proto.steps, "StageReport.steps"),
            rows: try ProtoReading.count(proto.rows, "StageReport.rows"),
            computeNanoseconds: try ProtoReading.count(proto.compute_nanoseconds, "StageReport.compute_nanoseconds"),
            waitNanoseconds: try ProtoReading.count(proto.wait_nanoseconds, "StageReport.wait_nanoseconds"),
            receivedBytes: try ProtoReading.count(proto.received_bytes, "StageReport.received_bytes"),
            sentBytes: try ProtoReading.count(proto.sent_bytes, "StageReport.sent_bytes"),
            networkSteps: try ProtoReading.count(proto.network_steps, "StageReport.network_steps"),
            networkNanoseconds: try ProtoReading.count(proto.network_nanoseconds, "StageReport.network_nanoseconds"))
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__StageReport> {
        let proto = arena.make(shoal__stage_report__init)
        proto.pointee.session = session
        proto.pointee.epoch = epoch
        proto.pointee.stage = stage
        proto.pointee.model_name = arena.text(modelName, limit: WireLimits.nameBytes)
        proto.pointee.range = try range.proto(&arena)
        proto.pointee.weight_bytes = min(weightBytes, WireLimits.deviceBytes)
        proto.pointee.key_value_bytes = min(keyValueBytes, WireLimits.deviceBytes)
        proto.pointee.sequences = min(sequences, WireLimits.deviceThreads)
        proto.pointee.steps = min(work.steps, WireLimits.count)
        proto.pointee.rows = min(work.rows, WireLimits.count)
        proto.pointee.compute_nanoseconds = min(work.computeNanoseconds, WireLimits.count)
        proto.pointee.wait_nanoseconds = min(work.waitNanoseconds, WireLimits.count)
        proto.pointee.received_bytes = min(work.receivedBytes, WireLimits.count)
        proto.pointee.sent_bytes = min(work.sentBytes, WireLimits.count)
        proto.pointee.network_steps = min(work.networkSteps, WireLimits.count)
        proto.pointee.network_nanoseconds = min(work.networkNanoseconds, WireLimits.count)
        return proto
    }
}
