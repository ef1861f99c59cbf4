import Identity
import Testing

/// The key exchange against the test vectors of draft-irtf-cfrg-cpace (appendix "CPace using group ristretto255 and hash SHA-512").
@Suite struct CPaceTests {
    private let password = Array("Password".utf8)
    private let channel = [UInt8](hex: "0b415f696e69746961746f720b425f726573706f6e646572")
    private let session = [UInt8](hex: "7e4b4791d6a8ef019b936c79fb7f2c57")
    private var initiator: CPace.Half {
        half("da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08")
    }
    private var responder: CPace.Half {
        half("d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d")
    }

    private func half(_ scalar: String) -> CPace.Half {
        CPace.Half(password: password, channel: channel, session: session, scalar: [UInt8](hex: scalar))
    }

    private func message(_ half: CPace.Half, _ data: String) -> CPace.Message {
        CPace.Message(share: half.share, data: Array(data.utf8))
    }

    @Test func `The text that a generator is made of fills its first block`() {
        let text = CPace.generatorText(password: password, channel: channel, session: session)
        let filling = String(repeating: "00", count: 100)
        #expect(
            text
                == [UInt8](
                    hex: "11435061636552697374726574746f3235350850617373776f726464\(filling)"
                        + "180b415f696e69746961746f720b425f726573706f6e646572107e4b4791d6a8ef019b936c79fb7f2c57"))
    }

    @Test func `A generator is the draft's`() {
        #expect(
            CPace.generator(password: password, channel: channel, session: session)
                == [UInt8](hex: "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56"))
    }

    @Test func `Shares are the draft's`() {
        #expect(
            initiator.share == [UInt8](hex: "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157"))
        #expect(
            responder.share == [UInt8](hex: "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258"))
    }

    @Test func `Both sides have the draft's key`() {
        let expected = [UInt8](
            hex: "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd"
                + "2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447")
        for (own, other) in [(initiator, responder), (responder, initiator)] {
            #expect(
                CPace.key(
                    own: own, other: other.share, session: session, initiator: message(initiator, "ADa"),
                    responder: message(responder, "ADb")) == expected)
        }
    }

    @Test func `Products are the draft's, and there is none with what is no point or the neutral one`() {
        let scalar = [UInt8](hex: "7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05")
        #expect(
            CPace.multiply(
                scalar, [UInt8](hex: "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"))
                == [UInt8](hex: "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e"))
        #expect(
            CPace.multiply(
                scalar, [UInt8](hex: "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c")) == nil)
        #expect(CPace.multiply(scalar, [UInt8](repeating: 0, count: 32)) == nil)
        #expect(CPace.multiply(scalar, [UInt8](repeating: 0, count: 31)) == nil)
    }

    @Test func `Lengths and values are the draft's`() {
        let texts = ["1234", "5", "", "678"].map { Array($0.utf8) }
        #expect(CPace.lengthsAndValues(texts) == [UInt8](hex: "043132333401350003363738"))
        let long = [UInt8](repeating: 7, count: 128)
        #expect(CPace.lengthsAndValues([long]) == [0x80, 0x01] + long)
    }
}

extension [UInt8] {
    init(hex: String) {
        let digits = Array<Character>(hex)
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0..<$0 + 2]), radix: 16)! }
    }
}
