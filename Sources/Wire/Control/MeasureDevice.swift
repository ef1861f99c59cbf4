import CWireProto

/// Asks a worker how fast its device is.
package struct MeasureDevice: Sendable, Hashable {
    /// Whether to measure also where an earlier measurement is kept.
    package var again: Bool

    package init(again: Bool) {
        self.again = again
    }
}

extension MeasureDevice {
    init(_ proto: Shoal__MeasureDevice) { again = proto.again != 0 }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__MeasureDevice> {
        let proto = arena.make(shoal__measure_device__init)
        proto.pointee.again = again ? 1 : 0
        return proto
    }
}
