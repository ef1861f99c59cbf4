import Identity
import TestSupport
import Testing

@Suite struct DeviceNameTests {
    @Test(arguments: [
        "pi1", "7up", "lap-top_2.local", "a..b", "0xg", "pi.1", "127.0.0.x", String(repeating: "n", count: 64),
    ])
    func `Names that a certificate takes and nobody mistakes`(name: String) throws {
        #expect(try DeviceName(name).description == name)
        // That is what they are bounded for.
        let authority = TestAuthority.shared.authority
        #expect(
            try authority.issue(to: DeviceKey(), identity: ClusterIdentity(new: .member), name: name, now: 0).name
                == name)
    }

    @Test(arguments: [
        "", "-pi1", "--help", ".pi", "_pi", "pi1:7077", "[::1]", "::1", "127.0.0.1", "127.1", "2130706433", "0x7f.1",
        "0XAB", "pi 1", " pi", "pi\n", "pi\u{1b}[2J", "pi\u{85}", "p\u{131}1", "\u{440}i1", "pi\u{200b}1", "größer",
        "a/b", "pi1.", "pi-", "a..", "all", "here", "LocalHost",
        String(repeating: "n", count: 65),
    ])
    func `What is a flag, an address, too long or of other characters is no name`(name: String) {
        let error = #expect(throws: IdentityError.self) { try DeviceName(name) }
        #expect(error?.message.contains("with --name") == true)
        #expect(
            error?.message.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) } == true)
    }

    @Test(arguments: [
        ("pi1", "pi1"), ("pi1", "PI1"), ("pi1", "pil"), ("pi", "p1"), ("Pil", "PI1"), ("node0", "nodeO"),
        ("w_1", "w-1"),
        ("I1l", "lIl"),
    ])
    func `Names that people take for each other`(one: String, other: String) {
        #expect(DeviceName.resembles(one, other) && DeviceName.resembles(other, one))
    }

    @Test(arguments: [("pi1", "pi2"), ("pi1", "pi11"), ("pi-1", "pi1"), ("w.1", "w-1")])
    func `Names that they do not`(one: String, other: String) {
        #expect(!DeviceName.resembles(one, other))
    }

    @Test(arguments: ["coordinator", "Coordinator", "C00rdinat0r"]) func `No member is the coordinator`(name: String) {
        #expect(throws: IdentityError.self) { try DeviceName.member(name) }
        #expect(throws: Never.self) { try DeviceName(name) }
    }

    @Test(arguments: [
        ("lap", "lap"), ("pi 1", "pi-1"), ("größer", "gr----er"), ("127.0.0.1", "device-127.0.0.1"), ("", "device"),
        ("--", "device"), ("coordinator", "device-coordinator"), ("\u{5c0f}", "device"), ("-host-", "host"),
        ("localhost", "device-localhost"),
        (String(repeating: "h", count: 300), String(repeating: "h", count: 57)),
    ])
    func `A host's name is made one`(host: String, name: String) {
        #expect(DeviceName(ofHost: host).description == name)
    }
}
