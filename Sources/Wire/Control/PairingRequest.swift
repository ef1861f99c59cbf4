import CWireProto

/// A device without a token asks to wait until its code is typed; the reply is `PairingPlace`.
package struct PairingRequest: Sendable, Hashable {
    /// The device's name.
    package var name: String
    /// Where its worker listens.
    package var port: UInt16
    /// Its clock, in seconds since 1970.
    package var clockSeconds: UInt64

    package init(name: String, port: UInt16, clockSeconds: UInt64) {
        self.name = name
        self.port = port
        self.clockSeconds = clockSeconds
    }
}

extension PairingRequest {
    init(_ proto: Shoal__PairingRequest) throws(WireError) {
        name = try ProtoReading.rawText(proto.name, "PairingRequest.name", limit: WireLimits.nameBytes)
        guard !name.isEmpty else { throw WireError(.valueOutOfRange, "PairingRequest.name: empty") }
        port = UInt16(try ProtoReading.range(proto.port, 1...UInt32(UInt16.max), "PairingRequest.port"))
        clockSeconds = try ProtoReading.count(proto.clock_seconds, "PairingRequest.clock_seconds")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__PairingRequest> {
        let proto = arena.make(shoal__pairing_request__init)
        proto.pointee.name = arena.text(name, limit: WireLimits.nameBytes)
        proto.pointee.port = UInt32(port)
        proto.pointee.clock_seconds = min(clockSeconds, WireLimits.count)
        return proto
    }
}
