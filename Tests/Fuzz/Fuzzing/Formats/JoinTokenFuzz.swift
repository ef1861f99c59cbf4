import Crypto
import FoundationEssentials
import Identity

/// Join tokens, which people copy and files hold. An odd first byte: the rest is what a token's text stands for, with the right
/// checksum; else it is the text.
package struct JoinTokenFuzz: FuzzFormat {
    package static let name = "tokens"

    private static let text =
        "shoal1.AYDY23AAAAAAAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8tcRZCtyawRAFifKn7rDL1yFMPsZA8xNsCJYcXkhpIgQEOcGkxLmxvY2FsOjcwNzgpgccV"

    package init() throws {}

    package var corpus: [[UInt8]] {
        let body =
            [1] + [0x80, 0xd8, 0xdb, 0x70, 0, 0, 0, 0] + [UInt8](repeating: 7, count: 64) + [
                2, 1, 0x61, 3, 0x62, 0x3a, 0x31,
            ]
        return [[0] + Array(Self.text.utf8), [0] + Array(" \n\(Self.text)\n".utf8), [1] + body]
    }

    package let words: [[UInt8]] =
        ["shoal1.", "shoal2.", "=", "-", "_", "+", "/", " ", "\r\n", "A", "é"].map { Array($0.utf8) } + [
            [0xff, 0xff], [0x80, 0, 0, 0, 0, 0, 0, 0x80], [0, 0], [16], [17], [255],
        ]

    package var extremes: [[UInt8]] {
        let letters = [UInt8](repeating: UInt8(ascii: "A"), count: 1 << 20)
        return [
            [0] + Array("shoal1.".utf8) + letters, [0] + Array("shoal1.".utf8) + letters.prefix(60_000), [0] + letters,
            [0] + [UInt8](repeating: 0x20, count: 1 << 20),
            [1, 1] + [UInt8](repeating: 0, count: 72) + [16] + (0..<16).flatMap { _ in [255] + letters.prefix(255) },
            [1, 1] + [UInt8](repeating: 0, count: 72) + [255] + letters,
        ]
    }

    package func run(_ input: [UInt8]) -> FuzzOutcome {
        guard let first = input.first else { return .refused }
        let rest = Array(input.dropFirst())
        let text = first % 2 == 0 ? String(decoding: rest, as: UTF8.self) : Self.text(of: rest)
        do throws(IdentityError) {
            let token = try JoinToken(parsing: text)
            precondition((1...JoinToken.mostAddresses).contains(token.addresses.count), "\(token.addresses)")
            let again = try? JoinToken(parsing: token.text)
            precondition(again == token, "a join token does not survive its text")
            return .accepted
        } catch {
            precondition(error.code == .malformed && !error.message.isEmpty, "\(error)")
            return .refused
        }
    }

    private static func text(of body: [UInt8]) -> String {
        let base64 = Data(body + SHA256.hash(data: body).prefix(4)).base64EncodedString()
        return "shoal1." + String(base64.compactMap { $0 == "=" ? nil : $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }
}
