import CWireProto

/// A device waits: what its code begins with, and for how long.
package struct PairingPlace: Sendable, Hashable {
    /// 0 to 31.
    package var place: UInt32
    /// How long the coordinator waits for the code to be typed.
    package var seconds: UInt32

    package init(place: UInt32, seconds: UInt32) {
        self.place = place
        self.seconds = seconds
    }
}

extension PairingPlace {
    init(_ proto: Shoal__PairingPlace) throws(WireError) {
        place = try ProtoReading.range(proto.place, 0...WireLimits.lastPairingPlace, "PairingPlace.place")
        seconds = try ProtoReading.range(proto.seconds, 1...WireLimits.pairingSeconds, "PairingPlace.seconds")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__PairingPlace> {
        let proto = arena.make(shoal__pairing_place__init)
        proto.pointee.place = place
        proto.pointee.seconds = seconds
        return proto
    }
}
