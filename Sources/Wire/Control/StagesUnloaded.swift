import CWireProto

/// The answer to an unload request.
package struct StagesUnloaded: Sendable, Hashable {
    package init() {}
}

extension StagesUnloaded {
    init(_: Shoal__StagesUnloaded) {
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__StagesUnloaded> {
        arena.make(shoal__stages_unloaded__init)
    }
}
