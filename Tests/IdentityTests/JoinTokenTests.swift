import Identity
import TestSupport
import Testing

@Suite struct JoinTokenTests {
    private let token = JoinToken(
        fingerprint: (0..<32).map { UInt8($0) }, expiresAt: 1_790_000_000,
        addresses: ["192.168.1.5:7078", "[2001:db8::1]:7078"])

    @Test func `A token reads back from its text, with spaces around it too`() throws {
        #expect(try JoinToken(parsing: token.text) == token)
        #expect(try JoinToken(parsing: "  \(token.text)\n") == token)
        #expect(token.text.hasPrefix("shoal1."))
        #expect(
            token.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") })
    }

    @Test func `Every token has another secret`() {
        let secrets = Set(
            (0..<100).map { _ in JoinToken(fingerprint: token.fingerprint, expiresAt: 0, addresses: ["a:1"]).secret })
        #expect(secrets.count == 100)
        #expect(secrets.allSatisfy { $0.count == JoinToken.secretBytes })
    }

    @Test func `A token that is cut, or has one character changed, is refused without its text`() {
        let text = Array(token.text)
        for index in text.indices {
            var changed = text
            changed[index] = changed[index] == "A" ? "B" : "A"
            let one = #expect(throws: IdentityError.self) { try JoinToken(parsing: String(changed)) }
            let two = #expect(throws: IdentityError.self) { try JoinToken(parsing: String(text[..<index])) }
            #expect(one?.code == .malformed && two?.code == .malformed)
            #expect(one?.message.contains(token.text.dropFirst(7).prefix(20)) == false)
        }
    }

    @Test func `Random texts are refused`() {
        var generator = SeededGenerator(seed: 5)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        for length in 0..<300 {
            let text = "shoal1." + String((0..<length).map { _ in alphabet.randomElement(using: &generator)! })
            #expect(throws: IdentityError.self) { try JoinToken(parsing: text) }
        }
    }
}
