import CWireProto

/// What the coordinator found in the device's answer.
package struct PairingConfirmation: Sendable, Hashable {
    /// The coordinator's proof that it has the key, 64 bytes; empty where the code was another.
    package var confirmation: [UInt8]
    /// How many codes more may be typed, where it was another.
    package var tries: UInt32
    /// Until when the device may join with the secret, in seconds since 1970.
    package var expires: UInt64

    package init(confirmation: [UInt8], tries: UInt32 = 0, expires: UInt64 = 0) {
        self.confirmation = confirmation
        self.tries = tries
        self.expires = expires
    }
}

extension PairingConfirmation {
    init(_ proto: Shoal__PairingConfirmation) throws(WireError) {
        confirmation =
            proto.confirmation.len == 0
            ? []
            : try ProtoReading.bytes(
                proto.confirmation, "PairingConfirmation.confirmation", count: WireLimits.confirmationBytes)
        tries = try ProtoReading.range(proto.tries, 0...WireLimits.pairingTries, "PairingConfirmation.tries")
        expires = try ProtoReading.count(proto.expires, "PairingConfirmation.expires")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__PairingConfirmation> {
        let proto = arena.make(shoal__pairing_confirmation__init)
        proto.pointee.confirmation = try arena.bytes(
            confirmation, "PairingConfirmation.confirmation", limit: WireLimits.confirmationBytes)
        proto.pointee.tries = min(tries, WireLimits.pairingTries)
        proto.pointee.expires = min(expires, WireLimits.count)
        return proto
    }
}
