import CWireProto

/// Asks a worker which sequences a stage of it has.
package struct CacheInquiry: Sendable, Hashable {
    /// The stage's placement.
    package var epoch: UInt32
    /// Its index of travel.
    package var stage: UInt32

    package init(epoch: UInt32, stage: UInt32) {
        self.epoch = epoch
        self.stage = stage
    }
}

extension CacheInquiry {
    init(_ proto: Shoal__CacheInquiry) throws(WireError) {
        epoch = proto.epoch
        stage = proto.stage
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__CacheInquiry> {
        let proto = arena.make(shoal__cache_inquiry__init)
        proto.pointee.epoch = epoch
        proto.pointee.stage = stage
        return proto
    }
}
