import CWireProto

/// The answer to a hello: the link will be closed.
package struct Refusal: Sendable, Hashable {
    /// Why.
    package var code: RefusalCode
    /// Why and what to do, for people.
    package var message: String
    /// The lowest protocol version that the sender speaks.
    package var lowestVersion: UInt32
    /// The highest protocol version that the sender speaks.
    package var highestVersion: UInt32

    package init(
        code: RefusalCode, message: String, lowestVersion: UInt32 = ProtocolVersion.lowest,
        highestVersion: UInt32 = ProtocolVersion.highest
    ) {
        self.code = code
        self.message = message
        self.lowestVersion = lowestVersion
        self.highestVersion = highestVersion
    }
}

extension Refusal {
    init(_ proto: Shoal__Refusal) throws(WireError) {
        code = try ProtoReading.known(proto.code.rawValue, "Refusal.code")
        message = try ProtoReading.text(proto.message, "Refusal.message", limit: WireLimits.messageBytes)
        lowestVersion = proto.lowest_version
        highestVersion = proto.highest_version
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__Refusal> {
        let proto = arena.make(shoal__refusal__init)
        proto.pointee.code = Shoal__RefusalCode(rawValue: code.rawValue)
        proto.pointee.message = arena.text(message, limit: WireLimits.messageBytes)
        proto.pointee.lowest_version = lowestVersion
        proto.pointee.highest_version = highestVersion
        return proto
    }
}
