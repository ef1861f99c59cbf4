import CWireProto

/// A code was typed: the coordinator opens a key exchange; the device replies with `PairingAnswer`.
package struct PairingShare: Sendable, Hashable {
    /// 16 random bytes.
    package var session: [UInt8]
    /// A point of ristretto255, 32 bytes.
    package var share: [UInt8]
    /// SHA-256 of the authority's certificate.
    package var fingerprint: [UInt8]
    /// The coordinator's clock, in seconds since 1970.
    package var clockSeconds: UInt64

    package init(session: [UInt8], share: [UInt8], fingerprint: [UInt8], clockSeconds: UInt64) {
        self.session = session
        self.share = share
        self.fingerprint = fingerprint
        self.clockSeconds = clockSeconds
    }
}

extension PairingShare {
    init(_ proto: Shoal__PairingShare) throws(WireError) {
        session = try ProtoReading.bytes(proto.session, "PairingShare.session", count: WireLimits.pairingSessionBytes)
        share = try ProtoReading.bytes(proto.share, "PairingShare.share", count: WireLimits.pairingShareBytes)
        fingerprint = try ProtoReading.bytes(
            proto.fingerprint, "PairingShare.fingerprint", count: WireLimits.fingerprintBytes)
        clockSeconds = try ProtoReading.count(proto.clock_seconds, "PairingShare.clock_seconds")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__PairingShare> {
        let proto = arena.make(shoal__pairing_share__init)
        proto.pointee.session = try arena.bytes(
            session, "PairingShare.session", limit: WireLimits.pairingSessionBytes)
        proto.pointee.share = try arena.bytes(share, "PairingShare.share", limit: WireLimits.pairingShareBytes)
        proto.pointee.fingerprint = try arena.bytes(
            fingerprint, "PairingShare.fingerprint", limit: WireLimits.fingerprintBytes)
        proto.pointee.clock_seconds = min(clockSeconds, WireLimits.count)
        return proto
    }
}
