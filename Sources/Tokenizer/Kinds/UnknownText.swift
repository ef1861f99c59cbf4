/// What text becomes that no token has: the tokens of its bytes, or the unknown token, or nothing.
struct UnknownText: Sendable {
    private let bytes: ByteTokens
    private let unknown: TokenID?

    init(_ vocabulary: Vocabulary, unknown: TokenID?) {
        bytes = ByteTokens(vocabulary)
        self.unknown = unknown
    }

    /// Appends the tokens of a character.
    ///
    /// - Parameter first: where in `result` the text begins; a second unknown token in a row is not appended.
    func append(_ text: ArraySlice<UInt8>, to result: inout [TokenID], from first: Int) {
        if bytes.isComplete {
            for byte in text { if let token = bytes[byte] { result.append(token) } }
        } else if let unknown, result.count == first || result.last != unknown {
            result.append(unknown)
        }
    }
}
