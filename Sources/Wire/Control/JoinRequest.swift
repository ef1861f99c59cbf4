import CWireProto

/// A device asks to become a member of the cluster, or a member for a new certificate; the reply is `JoinReply`.
package struct JoinRequest: Sendable, Hashable {
    /// The secret of the join token; empty for a member.
    package var secret: [UInt8]
    /// The device's name.
    package var name: String
    /// A PKCS #10 request with the device's public key, in DER.
    package var signingRequest: [UInt8]
    /// Where its worker listens.
    package var port: UInt16
    /// How other devices reach it; `nil` is where the link comes from.
    package var address: String?
    /// The device's clock, in seconds since 1970; 0 where it does not tell.
    package var clockSeconds: UInt64

    package init(
        secret: [UInt8], name: String, signingRequest: [UInt8], port: UInt16, address: String? = nil,
        clockSeconds: UInt64 = 0
    ) {
        self.secret = secret
        self.name = name
        self.signingRequest = signingRequest
        self.port = port
        self.address = address
        self.clockSeconds = clockSeconds
    }
}

extension JoinRequest {
    init(_ proto: Shoal__JoinRequest) throws(WireError) {
        secret = try ProtoReading.bytes(proto.secret, "JoinRequest.secret", limit: WireLimits.secretBytes)
        name = try ProtoReading.rawText(proto.name, "JoinRequest.name", limit: WireLimits.nameBytes)
        guard !name.isEmpty else { throw WireError(.valueOutOfRange, "JoinRequest.name: empty") }
        signingRequest = try ProtoReading.bytes(
            proto.signing_request, "JoinRequest.signing_request", limit: WireLimits.certificateBytes)
        port = UInt16(try ProtoReading.range(proto.port, 1...UInt32(UInt16.max), "JoinRequest.port"))
        let text = try ProtoReading.text(proto.address, "JoinRequest.address", limit: WireLimits.addressBytes)
        address = text.isEmpty ? nil : text
        clockSeconds = try ProtoReading.count(proto.clock_seconds, "JoinRequest.clock_seconds")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__JoinRequest> {
        let proto = arena.make(shoal__join_request__init)
        proto.pointee.secret = try arena.bytes(secret, "JoinRequest.secret", limit: WireLimits.secretBytes)
        proto.pointee.name = arena.text(name, limit: WireLimits.nameBytes)
        proto.pointee.signing_request = try arena.bytes(
            signingRequest, "JoinRequest.signing_request", limit: WireLimits.certificateBytes)
        proto.pointee.port = UInt32(port)
        proto.pointee.address = arena.text(address ?? "", limit: WireLimits.addressBytes)
        proto.pointee.clock_seconds = min(clockSeconds, WireLimits.count)
        return proto
    }
}
