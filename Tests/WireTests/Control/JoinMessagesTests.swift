import NIOCore
import Testing
import Wire

/// The bounds of the messages about membership.
@Suite struct JoinMessagesTests {
    private let request = JoinRequest(secret: [1], name: "pi1", signingRequest: [0x30], port: 7077)

    @Test func `A request has a name, a port, and nothing that is too long`() throws {
        try expectRefusal("JoinRequest.name: empty") { $0.name = "" }
        try expectRefusal("JoinRequest.port: 0") { $0.port = 0 }
        try expectTooLarge("JoinRequest.secret") { $0.secret = [UInt8](repeating: 1, count: 65) }
        try expectTooLarge("JoinRequest.signing_request") {
            $0.signingRequest = [UInt8](repeating: 1, count: 16 << 10 + 1)
        }
    }

    @Test func `A reply has at least the device's certificate and the authority's`() throws {
        for count in 0...1 {
            let reply = JoinReply(certificates: [[UInt8]](repeating: [0x30], count: count))
            let bytes = try payload(.joinReply(reply))
            let error = #expect(throws: WireError.self) { try ControlMessage(payload: bytes) }
            #expect(error?.message.contains("JoinReply.certificates: \(count)") == true)
        }
        let many = ControlBody.joinReply(JoinReply(certificates: [[UInt8]](repeating: [0x30], count: 9)))
        let error = #expect(throws: WireError.self) { try payload(many) }
        #expect(error?.code == .tooLarge)
    }

    @Test func `So many devices may be shut out, and no more`() throws {
        let most = Revocations(version: 1, devices: (0..<4_096).map { "\($0)" })
        #expect(try ControlMessage(payload: payload(.revocations(most))).body == .revocations(most))
        let error = #expect(throws: WireError.self) {
            try payload(.revocations(Revocations(version: 1, devices: most.devices + ["more"])))
        }
        #expect(error?.code == .tooLarge)
    }

    private func expectRefusal(_ text: String, _ change: (inout JoinRequest) -> Void) throws {
        var changed = request
        change(&changed)
        let bytes = try payload(.joinRequest(changed))
        let error = #expect(throws: WireError.self) { try ControlMessage(payload: bytes) }
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }

    private func expectTooLarge(_ text: String, _ change: (inout JoinRequest) -> Void) throws {
        var changed = request
        change(&changed)
        let error = #expect(throws: WireError.self) { try payload(.joinRequest(changed)) }
        #expect(error?.message.contains(text) == true && error?.code == .tooLarge, "\(error?.message ?? "")")
    }

    private func payload(_ body: ControlBody) throws -> ByteBuffer {
        var bytes = try Samples.bytes(of: .control(ControlMessage(body: body)))
        bytes.moveReaderIndex(forwardBy: 16)
        return bytes.slice()
    }
}
