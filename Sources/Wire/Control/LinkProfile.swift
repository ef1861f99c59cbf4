import CWireProto

/// How fast a link is.
package struct LinkProfile: Sendable, Hashable {
    /// From a small message to its answer.
    package var roundTripNanoseconds: UInt64
    /// Of large messages, one way.
    package var bytesPerSecond: UInt64

    package init(roundTripNanoseconds: UInt64, bytesPerSecond: UInt64) {
        self.roundTripNanoseconds = roundTripNanoseconds
        self.bytesPerSecond = bytesPerSecond
    }
}

extension LinkProfile {
    init(_ proto: Shoal__LinkProfile) throws(WireError) {
        roundTripNanoseconds = try ProtoReading.range(
            proto.round_trip_nanoseconds, 0...WireLimits.roundTrip, "LinkProfile.round_trip_nanoseconds")
        bytesPerSecond = try ProtoReading.count(proto.bytes_per_second, "LinkProfile.bytes_per_second")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__LinkProfile> {
        let proto = arena.make(shoal__link_profile__init)
        proto.pointee.round_trip_nanoseconds = min(roundTripNanoseconds, WireLimits.roundTrip)
        proto.pointee.bytes_per_second = min(bytesPerSecond, WireLimits.count)
        return proto
    }
}
