/// A model's tokens as bytes, arranged for finding those that a grammar allows. A value, made once for a model.
package struct TokenVocabulary: Sendable {
    /// Bytes of a token at most; longer ones are never allowed by a grammar.
    static let longestToken = 1 << 10
    /// Different lengths of plain tokens that are told apart; longer tokens count as others.
    private static let countedLengths = 64

    /// How many tokens there are, those too that no grammar allows.
    package let count: Int
    let trie: TokenTrie
    /// The tokens that end an answer, ascending.
    let endTokens: [UInt32]
    /// The lengths in characters that plain tokens have, ascending, and for each the mask of those that are not longer.
    private let plainMasks: [(characters: Int, mask: TokenMask)]
    /// For each token where its bytes begin in `bytes`; one more at the end.
    private let offsets: [Int32]
    private let bytes: [UInt8]

    /// - Parameters:
    ///   - tokens: each token's bytes; none for those that are never to be chosen while a grammar holds (control tokens).
    ///   - endTokens: the tokens that end an answer, which are allowed where a text may end.
    package init(_ tokens: [[UInt8]], endTokens: some Sequence<UInt32>) {
        count = tokens.count
        self.endTokens = Set(endTokens.filter { $0 < UInt32(tokens.count) }).sorted()
        var plain: [(bytes: [UInt8], token: UInt32)] = []
        var other: [(bytes: [UInt8], token: UInt32)] = []
        var offsets: [Int32] = [0]
        var all: [UInt8] = []
        let lengths = tokens.map { $0.isEmpty || $0.count > Self.longestToken ? nil : Self.plainCharacters($0) }
        let counted = Set(lengths.compactMap { $0 }).sorted().prefix(Self.countedLengths)
        var masks = Dictionary(uniqueKeysWithValues: counted.map { ($0, TokenMask(count: tokens.count)) })
        for (index, bytes) in tokens.enumerated() {
            all += bytes
            offsets.append(Int32(all.count))
            guard !bytes.isEmpty, bytes.count <= Self.longestToken else { continue }
            if let length = lengths[index], masks[length]?.insert(UInt32(index)) != nil {
                plain.append((bytes, UInt32(index)))
            } else {
                other.append((bytes, UInt32(index)))
            }
        }
        var plainMasks: [(characters: Int, mask: TokenMask)] = []
        for length in counted {
            var mask = masks[length]!
            if let shorter = plainMasks.last { mask.formUnion(shorter.mask) }
            plainMasks.append((length, mask))
        }
        self.plainMasks = plainMasks
        self.offsets = offsets
        self.bytes = all
        plain.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        other.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        trie = TokenTrie(plain: plain, other: other)
    }

    /// The plain tokens of up to so many characters; nil where there are none.
    func plainMask(_ characters: Int) -> TokenMask? { plainMasks.last { $0.characters <= characters }?.mask }

    /// A token's bytes.
    package func bytes(of token: UInt32) -> ArraySlice<UInt8> {
        guard token < UInt32(count) else { return [] }
        return bytes[Int(offsets[Int(token)])..<Int(offsets[Int(token) + 1])]
    }

    /// Whether a token ends an answer.
    package func isEnd(_ token: UInt32) -> Bool { endTokens.contains(token) }

    /// How many characters bytes are, if all of them stand for themselves in a JSON string; nil for others.
    static func plainCharacters(_ bytes: [UInt8]) -> Int? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 != JSONText.quote && $0 != UInt8(ascii: "\\") }
        return isPlain ? text.unicodeScalars.count : nil
    }
}

/// A set of tokens: bit `token % 64` of word `token / 64`.
package struct TokenMask: Sendable, Hashable {
    /// The bits.
    package private(set) var words: [UInt64]

    /// No tokens, of so many.
    package init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    package func contains(_ token: UInt32) -> Bool {
        Int(token >> 6) < words.count && words[Int(token >> 6)] >> UInt64(token & 63) & 1 == 1
    }

    package mutating func insert(_ token: UInt32) { words[Int(token >> 6)] |= 1 << UInt64(token & 63) }

    package mutating func remove(_ token: UInt32) {
        if Int(token >> 6) < words.count { words[Int(token >> 6)] &= ~(1 << UInt64(token & 63)) }
    }

    /// - Precondition: both are of as many tokens.
    mutating func formUnion(_ other: TokenMask) {
        precondition(words.count == other.words.count, "\(words.count) and \(other.words.count) words")
        for index in words.indices { words[index] |= other.words[index] }
    }

    /// The tokens, ascending.
    package var tokens: [UInt32] {
        words.enumerated().flatMap { index, word in
            (0..<64).filter { word >> UInt64($0) & 1 == 1 }.map { UInt32(index * 64 + $0) }
        }
    }
}
