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
    /// What it has of the sequences that were named: all of them, in their order.
    package var sequences: [KeptSequence]

    package init(
        epoch: UInt32, stage: UInt32, weightBytes: UInt64, loadMilliseconds: UInt64, sequences: [KeptSequence] = []
    ) {
        self.epoch = epoch
        self.stage = stage
        self.weightBytes = weightBytes
        self.loadMilliseconds = loadMilliseconds
        self.sequences = sequences
    }
}

extension StageLoaded {
    init(_ proto: Shoal__StageLoaded) throws(WireError) {
        epoch = proto.epoch
        stage = proto.stage
        weightBytes = try ProtoReading.memory(proto.weight_bytes, "StageLoaded.weight_bytes")
        loadMilliseconds = try ProtoReading.count(proto.load_milliseconds, "StageLoaded.load_milliseconds")
        sequences = try KeptSequence.list(proto.sequences, proto.n_sequences, "StageLoaded.sequences")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__StageLoaded> {
        let proto = arena.make(shoal__stage_loaded__init)
        proto.pointee.epoch = epoch
        proto.pointee.stage = stage
        proto.pointee.weight_bytes = weightBytes
        proto.pointee.load_milliseconds = loadMilliseconds
        (proto.pointee.sequences, proto.pointee.n_sequences) = try KeptSequence.list(
            sequences, "StageLoaded.sequences", &arena)
        return proto
    }
}
