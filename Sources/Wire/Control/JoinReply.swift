import CWireProto

/// A device is a member: its certificate.
package struct JoinReply: Sendable, Hashable {
    /// X.509 certificates in DER: the member's own first, the authority's last.
    package var certificates: [[UInt8]]

    /// The coordinator's clock, in seconds since 1970; 0 where it does not tell.
    package var clockSeconds: UInt64

    package init(certificates: [[UInt8]], clockSeconds: UInt64 = 0) {
        self.certificates = certificates
        self.clockSeconds = clockSeconds
    }
}

extension JoinReply {
    init(_ proto: Shoal__JoinReply) throws(WireError) {
        certificates = try ProtoReading.list(
            proto.certificates, proto.n_certificates, "JoinReply.certificates", limit: WireLimits.certificates
        ) { (data) throws(WireError) in
            try ProtoReading.bytes(data, "JoinReply.certificates", limit: WireLimits.certificateBytes)
        }
        clockSeconds = try ProtoReading.count(proto.clock_seconds, "JoinReply.clock_seconds")
        guard certificates.count >= 2 else {
            throw WireError(.valueOutOfRange, "JoinReply.certificates: \(certificates.count); at least 2 are needed")
        }
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__JoinReply> {
        guard certificates.count <= WireLimits.certificates else {
            throw WireError(.tooLarge, "JoinReply.certificates: \(certificates.count)")
        }
        let proto = arena.make(shoal__join_reply__init)
        let list = arena.array(of: ProtobufCBinaryData.self, count: certificates.count)
        for (index, certificate) in certificates.enumerated() {
            list[index] = try arena.bytes(
                certificate, "JoinReply.certificates", limit: WireLimits.certificateBytes)
        }
        proto.pointee.certificates = list
        proto.pointee.n_certificates = certificates.count
        proto.pointee.clock_seconds = min(clockSeconds, WireLimits.count)
        return proto
    }
}
