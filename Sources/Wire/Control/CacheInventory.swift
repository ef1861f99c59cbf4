import CWireProto

/// The sequences of a stage.
package struct CacheInventory: Sendable, Hashable {
    package var sequences: [CachedSequence]

    package init(sequences: [CachedSequence]) { self.sequences = sequences }
}

/// What a stage has of one sequence.
package struct CachedSequence: Sendable, Hashable {
    /// The sequence.
    package var sequence: UInt32
    /// Its positions.
    package var positions: UInt32
    /// How often it was shortened since it began.
    package var trims: UInt32
    /// How many of its first positions are the same memory as those of one that comes earlier in the inventory; 0: none.
    package var sharedPositions: UInt32
    /// Which one that is.
    package var sharedWith: UInt32
    /// The most positions that it ever had, which tells what layers with a window gave back; 0: nothing.
    package var reach: UInt32

    package init(
        sequence: UInt32, positions: UInt32, trims: UInt32 = 0, sharedPositions: UInt32 = 0, sharedWith: UInt32 = 0,
        reach: UInt32 = 0
    ) {
        self.sequence = sequence
        self.positions = positions
        self.trims = trims
        self.sharedPositions = sharedPositions
        self.sharedWith = sharedWith
        self.reach = reach
    }
}

extension CacheInventory {
    init(_ proto: Shoal__CacheInventory) throws(WireError) {
        sequences = try ProtoReading.messages(
            proto.sequences, proto.n_sequences, "CacheInventory.sequences", limit: WireLimits.sequencesPerMessage
        ) { (proto) throws(WireError) in try CachedSequence(proto) }
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__CacheInventory> {
        guard sequences.count <= WireLimits.sequencesPerMessage else {
            throw WireError(.tooLarge, "CacheInventory.sequences: \(sequences.count) sequences")
        }
        let proto = arena.make(shoal__cache_inventory__init)
        (proto.pointee.sequences, proto.pointee.n_sequences) = arena.list(sequences) { $0.proto(&$1) }
        return proto
    }
}

extension CachedSequence {
    init(_ proto: Shoal__CachedSequence) throws(WireError) {
        sequence = proto.sequence
        positions = try ProtoReading.range(proto.positions, 0...WireLimits.context, "CachedSequence.positions")
        trims = proto.trims
        sharedPositions = try ProtoReading.range(
            proto.shared_positions, 0...positions, "CachedSequence.shared_positions")
        sharedWith = proto.shared_with
        reach = try ProtoReading.range(proto.reach, 0...WireLimits.context, "CachedSequence.reach")
    }

    func proto(_ arena: inout ProtoArena) -> UnsafeMutablePointer<Shoal__CachedSequence> {
        let proto = arena.make(shoal__cached_sequence__init)
        proto.pointee.sequence = sequence
        proto.pointee.positions = positions
        proto.pointee.trims = trims
        proto.pointee.shared_positions = sharedPositions
        proto.pointee.shared_with = sharedWith
        proto.pointee.reach = reach
        return proto
    }
}
