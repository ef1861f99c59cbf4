/// A text as one token per character, where characters without a token have numbers beyond the vocabulary meanwhile.
struct CharacterPieces {
    private(set) var tokens: [TokenID] = []
    /// The characters without a token; the first has the number `vocabulary.count`.
    private var unknown: [ArraySlice<UInt8>] = []
    /// Where each character begins in the text, and at the end where the last one ends.
    private(set) var offsets: [Int] = []

    private let vocabulary: Vocabulary

    /// - Parameter text: UTF-8.
    init(_ text: ArraySlice<UInt8>, _ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        tokens.reserveCapacity(text.count)
        offsets.reserveCapacity(text.count + 1)
        var start = text.startIndex
        while start < text.endIndex {
            let end = min(start + Self.width(text[start]), text.endIndex)
            let token = text[start..<end].withUnsafeBytes { vocabulary.token(text: $0) }
            if let token, vocabulary.kinds[token].isText {
                tokens.append(TokenID(token))
            } else {
                tokens.append(TokenID(vocabulary.count + unknown.count))
                unknown.append(text[start..<end])
            }
            offsets.append(start)
            start = end
        }
        offsets.append(start)
    }

    /// The text of a token, or of a character without one.
    func text(of token: TokenID) -> ArraySlice<UInt8> {
        let index = Int(token)
        return index < vocabulary.count ? vocabulary.text(of: index) : unknown[index - vocabulary.count]
    }

    /// Whether a number stands for a character without a token.
    func isUnknown(_ token: TokenID) -> Bool { Int(token) >= vocabulary.count }

    /// How many bytes a character has that begins so (Unicode standard, table 3-6).
    static func width(_ lead: UInt8) -> Int {
        switch lead {
        case ..<0xc0: 1
        case ..<0xe0: 2
        case ..<0xf0: 3
        default: 4
        }
    }
}
