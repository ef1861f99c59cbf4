/// The tokens of single bytes in vocabularies of characters, with texts such as `<0x0A>`: what text becomes for which
/// there is no other token (byte fallback).
struct ByteTokens: Sendable {
    private let tokens: [TokenID?]
    /// Whether every byte has one.
    let isComplete: Bool

    init(_ vocabulary: Vocabulary) {
        tokens = (UInt8.min...UInt8.max).map { byte in
            vocabulary.token(text: Self.text(of: byte)).map { TokenID($0) }
        }
        isComplete = !tokens.contains(nil)
    }

    subscript(byte: UInt8) -> TokenID? { tokens[Int(byte)] }

    /// The byte that a token's text stands for, nil for another text.
    static func byte(ofText text: ArraySlice<UInt8>) -> UInt8? {
        let text = Array(text)
        guard text.count == 6, text.starts(with: "<0x".utf8), text[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: text[3..<5], as: UTF8.self), radix: 16)
    }

    private static func text(of byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
    }
}
