import CWireProto

/// Asks a worker to free the stages of this session up to an epoch.
package struct UnloadStages: Sendable, Hashable {
    /// The last epoch whose stages go.
    package var epochsThrough: UInt32

    package init(epochsThrough: UInt32) {
        self.epochsThrough = epochsThrough
    }
}

extension UnloadStages {
    init(_ proto: Shoal__UnloadStages) throws(WireError) {
        epochsThrough = proto.epochs_through
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__UnloadStages> {
        let proto = arena.make(shoal__unload_stages__init)
        proto.pointee.epochs_through = epochsThrough
        return proto
    }
}
