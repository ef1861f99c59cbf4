import CWireProto

/// Measures a link: asks for an answer of some size.
package struct LinkProbe: Sendable, Hashable {
    /// Any bytes.
    package var payload: [UInt8]
    /// How many bytes the answer shall have.
    package var replyBytes: UInt32

    package init(payload: [UInt8], replyBytes: UInt32) {
        self.payload = payload
        self.replyBytes = replyBytes
    }
}

/// The answer to a link probe.
package struct LinkProbeReply: Sendable, Hashable {
    /// As many bytes as were asked for.
    package var payload: [UInt8]

    package init(payload: [UInt8]) {
        self.payload = payload
    }
}

extension LinkProbe {
    init(_ proto: Shoal__LinkProbe) throws(WireError) {
        payload = try ProtoReading.bytes(proto.payload, "LinkProbe.payload", limit: WireLimits.probeBytes)
        replyBytes = try ProtoReading.range(
            proto.reply_bytes, 0...UInt32(WireLimits.probeBytes), "LinkProbe.reply_bytes")
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__LinkProbe> {
        let proto = arena.make(shoal__link_probe__init)
        proto.pointee.payload = try arena.bytes(payload, "LinkProbe.payload", limit: WireLimits.probeBytes)
        proto.pointee.reply_bytes = replyBytes
        return proto
    }
}

extension LinkProbeReply {
    init(_ proto: Shoal__LinkProbeReply) throws(WireError) {
        payload = try ProtoReading.bytes(proto.payload, "LinkProbeReply.payload", limit: WireLimits.probeBytes)
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__LinkProbeReply> {
        let proto = arena.make(shoal__link_probe_reply__init)
        proto.pointee.payload = try arena.bytes(payload, "LinkProbeReply.payload", limit: WireLimits.probeBytes)
        return proto
    }
}
