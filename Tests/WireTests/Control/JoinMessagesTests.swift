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

    @Test func `What lets a device in by a code has its lengths, and no others`() throws {
        for count in [0, 15, 17, 31, 33, 63, 65] {
            let bytes = [UInt8](repeating: 1, count: count)
            let right = (
                session: [UInt8](repeating: 1, count: 16), share: [UInt8](repeating: 1, count: 32),
                proof: [UInt8](repeating: 1, count: 64)
            )
            func share(_ change: (inout PairingShare) -> Void) -> ControlBody {
                var share = PairingShare(
                    session: right.session, share: right.share, fingerprint: right.share, clockSeconds: 1)
                change(&share)
                return .pairingShare(share)
            }
            var bodies = [
                share { $0.session = bytes }, share { $0.share = bytes }, share { $0.fingerprint = bytes },
                .pairingAnswer(PairingAnswer(share: bytes, confirmation: right.proof)),
                .pairingAnswer(PairingAnswer(share: right.share, confirmation: bytes)),
            ]
            if count > 0 { bodies.append(.pairingConfirmation(PairingConfirmation(confirmation: bytes))) }
            for body in bodies {
                #expect(throws: WireError.self, "\(body)") { try ControlMessage(payload: payload(body)) }
            }
        }
        for body in [
            PairingRequest(name: "", port: 1, clockSeconds: 0), PairingRequest(name: "pi1", port: 0, clockSeconds: 0),
        ] {
            #expect(throws: WireError.self) { try ControlMessage(payload: payload(.pairingRequest(body))) }
        }
        for place in [PairingPlace(place: 32, seconds: 1), PairingPlace(place: 0, seconds: 0)] {
            #expect(throws: WireError.self) { try ControlMessage(payload: payload(.pairingPlace(place))) }
        }
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
