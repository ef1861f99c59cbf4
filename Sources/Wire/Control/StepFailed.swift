import CWireProto

/// Tells the coordinator that a step ends here.
package struct StepFailed: Sendable, Hashable {
    /// The step's placement.
    package var epoch: UInt32
    /// The step's number.
    package var step: UInt64
    /// The stage that failed.
    package var stage: UInt32
    /// Why.
    package var code: FailureCode
    /// Cause and mend, for people.
    package var message: String
    /// The sequences whose caches on that stage can no longer be trusted; empty: those of the whole step.
    package var sequences: [UInt32]

    package init(
        epoch: UInt32, step: UInt64, stage: UInt32, code: FailureCode, message: String, sequences: [UInt32]
    ) {
        self.epoch = epoch
        self.step = step
        self.stage = stage
        self.code = code
        self.message = message
        self.sequences = sequences
    }
}

extension StepFailed {
    init(_ proto: Shoal__StepFailed) throws(WireError) {
        epoch = proto.epoch
        step = proto.step
        stage = proto.stage
        code = try ProtoReading.known(proto.code.rawValue, "StepFailed.code")
        message = try ProtoReading.text(proto.message, "StepFailed.message", limit: WireLimits.messageBytes)
        sequences = try ProtoReading.list(
            proto.sequences, proto.n_sequences, "StepFailed.sequences", limit: WireLimits.sequencesPerMessage
        ) { $0 }
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__StepFailed> {
        let proto = arena.make(shoal__step_failed__init)
        proto.pointee.epoch = epoch
        proto.pointee.step = step
        proto.pointee.stage = stage
        proto.pointee.code = Shoal__FailureCode(rawValue: code.rawValue)
        proto.pointee.message = arena.text(message, limit: WireLimits.messageBytes)
        guard sequences.count <= WireLimits.sequencesPerMessage else {
            throw WireError(.tooLarge, "StepFailed.sequences: \(sequences.count) sequences")
        }
        let list = arena.array(of: UInt32.self, count: sequences.count)
        for (index, sequence) in sequences.enumerated() { list[index] = sequence }
        proto.pointee.n_sequences = sequences.count
        proto.pointee.sequences = list
        return proto
    }
}
