import CWireProto

/// A sequence that goes on in a new placement, and how much of its cache a stage is to keep, or has.
package struct KeptSequence: Sendable, Hashable {
    /// The sequence.
    package var sequence: UInt32
    /// Its first positions.
    package var positions: UInt32
    /// How often it was shortened since it began: a cache that was shortened less often holds other positions.
    package var trims: UInt32

    package init(sequence: UInt32, positions: UInt32, trims: UInt32 = 0) {
        self.sequence = sequence
        self.positions = positions
        self.trims = trims
    }
}

extension KeptSequence {
    init(_ proto: Shoal__KeptSequence) throws(WireError) {
        sequence = proto.sequence
        positions = try ProtoReading.range(proto.positions, 0...WireLimits.context, "KeptSequence.positions")
        trims = proto.trims
    }

    func proto(_ arena: inout ProtoArena) -> UnsafeMutablePointer<Shoal__KeptSequence> {
        let proto = arena.make(shoal__kept_sequence__init)
        proto.pointee.sequence = sequence
        proto.pointee.positions = positions
        proto.pointee.trims = trims
        return proto
    }

    /// - Throws: `WireError` when there are more than a stage may hold, or a number is out of range.
    static func list(
        _ elements: UnsafeMutablePointer<UnsafeMutablePointer<Shoal__KeptSequence>?>?, _ count: Int,
        _ field: StaticString
    ) throws(WireError) -> [KeptSequence] {
        try ProtoReading.messages(elements, count, field, limit: WireLimits.sequencesPerMessage) {
            (proto) throws(WireError) in try KeptSequence(proto)
        }
    }

    static func list(
        _ sequences: [KeptSequence], _ field: StaticString, _ arena: inout ProtoArena
    ) throws(WireError) -> (UnsafeMutablePointer<UnsafeMutablePointer<Shoal__KeptSequence>?>, Int) {
        guard sequences.count <= WireLimits.sequencesPerMessage else {
            throw WireError(.tooLarge, "\(field): \(sequences.count) sequences")
        }
        return arena.list(sequences) { $0.proto(&$1) }
    }
}
