/// Turns tokens into text as they come: a character is given out when its last byte has come, never in halves.
///
/// All that `append` and `finish` return, joined, is `Tokenizer.decode` of all tokens (in a text that comes after no other).
package struct StreamingDetokenizer: Sendable {
    private let tokenizer: Tokenizer
    private let skipSpecial: Bool
    /// The first bytes of a character that is not complete, at most three.
    private var pending: [UInt8] = []
    /// Whether the next token's space is the one that SentencePiece puts before every text.
    package private(set) var dropsSpace: Bool

    /// Starts a text.
    ///
    /// - Parameters:
    ///   - skipSpecial: whether to leave out control tokens rather than write their names.
    ///   - last: the token that the text comes after, nil for none. After a token of text the first space is a space.
    package init(_ tokenizer: Tokenizer, skipSpecial: Bool, after last: TokenID? = nil) {
        self.tokenizer = tokenizer
        self.skipSpecial = skipSpecial
        dropsSpace = tokenizer.addsSpace(after: last)
    }

    /// The text that is complete with this token, possibly none.
    package mutating func append(_ id: TokenID) -> String {
        if skipSpecial, tokenizer.isSpecial(id) { return "" }
        tokenizer.append(id, to: &pending, &dropsSpace)
        return takeComplete()
    }

    /// The text that is complete with these bytes, possibly none.
    package mutating func append(bytes: some Sequence<UInt8>) -> String {
        pending.append(contentsOf: bytes)
        return takeComplete()
    }

    private mutating func takeComplete() -> String {
        let complete = pending.count - Self.incompleteTail(of: pending)
        defer { pending.removeFirst(complete) }
        return String(decoding: pending[..<complete], as: UTF8.self)
    }

    /// Ends the text: a replacement character for what never became complete, else nothing.
    package mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end could be the beginning of a character (Unicode standard, table 3-7).
    private static func incompleteTail(of bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let lead = bytes[bytes.count - length]
            // Continuation bytes: the lead lies further to the front.
            if lead & 0b1100_0000 == 0b1000_0000 { continue }
            let second = length > 1 ? bytes[bytes.count - length + 1] : nil
            return length < sequenceLength(lead: lead, second: second) ? length : 0
        }
        return 0
    }

    /// The length of the character that these bytes begin, 1 when they begin none.
    private static func sequenceLength(lead: UInt8, second: UInt8?) -> Int {
        let (length, allowed): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xc2...0xdf: (2, 0x80...0xbf)
            case 0xe0: (3, 0xa0...0xbf)
            case 0xe1...0xec, 0xee, 0xef: (3, 0x80...0xbf)
            case 0xed: (3, 0x80...0x9f)
            case 0xf0: (4, 0x90...0xbf)
            case 0xf1...0xf3: (4, 0x80...0xbf)
            case 0xf4: (4, 0x80...0x8f)
            default: (1, 0x80...0xbf)
            }
        if let second, !allowed.contains(second) { return 1 }
        return length
    }
}
