/// How texts stand in JSON (RFC 8259).
enum JSONText {
    static let quote = UInt8(ascii: "\"")

    /// The one-byte characters that stand for themselves in a string.
    static let narrow: [ClosedRange<UInt8>] = [0x20...0x21, 0x23...0x5b, 0x5d...0x7f]

    /// Characters that stand for themselves.
    static let plain = ScalarSet([0x20...0x21, 0x23...0x5b, 0x5d...0x10ffff])

    /// The other ones, as they are written: characters of several bytes, and escapes, of halves of surrogate pairs only in pairs.
    static let wideCharacter: Expression = {
        let digit = Expression.characters(ScalarSet("0123456789abcdefABCDEF"))
        func unit(_ first: String, _ second: String? = nil) -> Expression {
            .sequence([
                .text("\\u"), .characters(ScalarSet(first)), second.map { .characters(ScalarSet($0)) } ?? digit, digit,
                digit,
            ])
        }
        return .choice([
            .characters(ScalarSet([0x80...0x10ffff])),
            .sequence([.text("\\"), .characters(ScalarSet("\"\\/bfnrt"))]),
            unit("0123456789abcefABCEF"), unit("dD", "01234567"),
            .sequence([unit("dD", "89abAB"), unit("dD", "cdefCDEF")]),
        ])
    }()

    /// A character of a set, as it is written within a string: by itself where it can be, else by its shortest escape.
    static func character(_ set: ScalarSet) -> Expression {
        let others = set.subtracting(plain)
        var choices: [Expression] = []
        for range in others.ranges {
            for scalar in range { choices.append(.bytes(escape(UInt8(scalar)))) }
        }
        let plain = set.intersection(plain)
        if choices.isEmpty { return .characters(plain) }
        if !plain.isEmpty { choices.append(.characters(plain)) }
        return .choice(choices)
    }

    /// A text as a JSON string, with its quotes.
    static func literal(_ text: String) -> [UInt8] {
        var bytes = [quote]
        for byte in text.utf8 {
            if byte < 0x20 || byte == quote || byte == UInt8(ascii: "\\") {
                bytes += escape(byte)
            } else {
                bytes.append(byte)
            }
        }
        return bytes + [quote]
    }

    private static func escape(_ byte: UInt8) -> [UInt8] {
        let short: [UInt8: UInt8] = [
            0x08: UInt8(ascii: "b"), 0x09: UInt8(ascii: "t"), 0x0a: UInt8(ascii: "n"), 0x0c: UInt8(ascii: "f"),
            0x0d: UInt8(ascii: "r"), quote: quote, UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        ]
        if let letter = short[byte] { return [UInt8(ascii: "\\"), letter] }
        let digits = Array("0123456789abcdef".utf8)
        return Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
