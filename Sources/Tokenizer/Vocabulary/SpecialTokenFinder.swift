/// Finds the texts of special tokens in a text: at each place the longest one, from left to right.
///
/// Takes time in proportion to the text, for no token's text is longer than `longestText`.
package struct SpecialTokenFinder: Sendable {
    /// A token's text in a text, in bytes.
    package struct Match {
        package let range: Range<Int>
        package let token: TokenID
    }

    /// Bytes of the longest text that is looked for; real ones have some 30.
    package static let longestText = 256

    /// A tree of bytes: from node and byte to the next node; the root is node 0.
    private var children: [UInt64: Int] = [:]
    /// The token whose text ends at a node.
    private var tokens: [TokenID?] = [nil]
    /// Whether any text begins with a byte.
    private var isFirstByte = [Bool](repeating: false, count: 256)

    /// A finder for the tokens of these kinds.
    init(_ vocabulary: Vocabulary, kinds: Set<TokenKind>) {
        for token in 0..<vocabulary.count where kinds.contains(vocabulary.kinds[token]) {
            insert(vocabulary.text(of: token), TokenID(token))
        }
    }

    /// A finder for these tokens; of equal texts it finds the first.
    package init(_ tokens: [(text: String, id: TokenID)]) {
        for (text, id) in tokens { insert(Array(text.utf8)[...], id) }
    }

    private mutating func insert(_ text: ArraySlice<UInt8>, _ token: TokenID) {
        // A text that is not UTF-8 could match in the middle of a character.
        guard let first = text.first, text.count <= Self.longestText,
            String(validating: text, as: UTF8.self) != nil
        else { return }
        isFirstByte[Int(first)] = true
        var node = 0
        for byte in text {
            let key = Self.key(node, byte)
            if let child = children[key] {
                node = child
            } else {
                tokens.append(nil)
                node = tokens.count - 1
                children[key] = node
            }
        }
        if tokens[node] == nil { tokens[node] = token }
    }

    /// All matches, in order and without overlap.
    func matches(in text: [UInt8]) -> [Match] {
        guard !children.isEmpty else { return [] }
        var matches: [Match] = []
        var index = 0
        while index < text.count {
            if let match = longestMatch(in: text, at: index) {
                matches.append(match)
                index = match.range.upperBound
            } else {
                index += 1
            }
        }
        return matches
    }

    /// Whether a token begins at a place, or may: the text ends before that is known.
    package func begins(in text: [UInt8], at start: Int) -> Bool {
        guard isFirstByte[Int(text[start])] else { return false }
        var node = 0
        for byte in text[start...] {
            guard let child = children[Self.key(node, byte)] else { return false }
            node = child
            if tokens[node] != nil { return true }
        }
        return true
    }

    /// The longest token that begins at a place.
    package func longestMatch(in text: [UInt8], at start: Int) -> Match? {
        guard isFirstByte[Int(text[start])] else { return nil }
        var node = 0
        var match: Match?
        for index in start..<text.count {
            guard let child = children[Self.key(node, text[index])] else { break }
            node = child
            if let token = tokens[node] { match = Match(range: start..<index + 1, token: token) }
        }
        return match
    }

    private static func key(_ node: Int, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }
}
