import CWireProto

/// The device's part of the key exchange; the coordinator replies with `PairingConfirmation`.
package struct PairingAnswer: Sendable, Hashable {
    /// A point of ristretto255, 32 bytes.
    package var share: [UInt8]
    /// The device's proof that it has the key, 64 bytes.
    package var confirmation: [UInt8]

    package init(share: [UInt8], confirmation: [UInt8]) {
        self.share = share
        self.confirmation = confirmation
    }
}

extension PairingAnswer {
    init(_ proto: Shoal__PairingAnswer) throws(WireError) {
        share = try ProtoReading.bytes(proto.share, "PairingAnswer.share", count: WireLimits.pairingShareBytes)
        confirmation = try ProtoReading.bytes(
            proto.confirmation, "PairingAnswer.confirmation", count: WireLimits.confirmationBytes)
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__PairingAnswer> {
        let proto = arena.make(shoal__pairing_answer__init)
        proto.pointee.share = try arena.bytes(share, "PairingAnswer.share", limit: WireLimits.pairingShareBytes)
        proto.pointee.confirmation = try arena.bytes(
            confirmation, "PairingAnswer.confirmation", limit: WireLimits.confirmationBytes)
        return proto
    }
}
