import CWireProto

/// The answer to any request that could not be done.
package struct Failure: Sendable, Hashable {
    /// Why.
    package var code: FailureCode
    /// Cause and mend, for people.
    package var message: String

    package init(code: FailureCode, message: String) {
        self.code = code
        self.message = message
    }
}

extension Failure {
    init(_ proto: Shoal__Failure) throws(WireError) {
        code = try ProtoReading.known(proto.code.rawValue, "Failure.code")
        message = try ProtoReading.text(proto.message, "Failure.message", limit: WireLimits.messageBytes)
    }

    func proto(_ arena: inout ProtoArena) throws(WireError) -> UnsafeMutablePointer<Shoal__Failure> {
        let proto = arena.make(shoal__failure__init)
        proto.pointee.code = Shoal__FailureCode(rawValue: code.rawValue)
        proto.pointee.message = arena.text(message, limit: WireLimits.messageBytes)
        return proto
    }
}
