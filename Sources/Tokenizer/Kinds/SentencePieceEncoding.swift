import GGUF

/// SentencePiece's byte-pair encoding (`tokenizer.ggml.model` = "llama"): a text is not split; its characters are merged as
/// long as two neighbours make a token, that of the highest score first, leftmost first. Characters without a token become
/// those of their bytes.
///
/// Kudo and Richardson 2018; what the file's flags do is llama.cpp's convention.
struct SentencePieceEncoding: Sendable {
    private let vocabulary: Vocabulary
    /// For each token its place in the order of merges: the higher the score, the lower.
    private let ranks: [UInt32]
    /// Bytes of the longest text that is looked up; a file cannot make every look take longer.
    private let longestText: Int
    private let spaces: SentencePieceSpaces
    private let fallback: UnknownText

    /// Real pieces have up to some 100 bytes.
    private static let mostBytes = 1024

    init(
        vocabulary: Vocabulary, scores: [Float], spaces: SentencePieceSpaces, unknown: TokenID?
    ) {
        self.vocabulary = vocabulary
        self.spaces = spaces
        ranks = scores.map(Self.rank)
        longestText = min(vocabulary.longestText, Self.mostBytes)
        fallback = UnknownText(vocabulary, unknown: unknown)
    }

    /// Whether a text that is decoded begins with a space that was added.
    var addsSpace: Bool { spaces.addsPrefix }

    /// Appends the tokens of text that holds no special tokens, as far as `goesOn` lets it.
    func encode(_ text: Substring.UTF8View, into result: inout [TokenID], _ goesOn: () -> Bool) {
        let (pieces, word) = merged(spaces.apply(text)[...], mayBeUnused: true, goesOn)
        let first = result.count
        for token in word.tokens {
            if pieces.isUnknown(token) {
                fallback.append(pieces.text(of: token), to: &result, from: first)
            } else if vocabulary.kinds[Int(token)] == .unused {
                appendParts(of: token, to: &result, from: first)
            } else {
                result.append(token)
            }
        }
    }

    /// Appends what an unused token was made of: such tokens may be a step to longer ones, never the result.
    private func appendParts(of token: TokenID, to result: inout [TokenID], from first: Int) {
        let (pieces, word) = merged(vocabulary.text(of: Int(token)), mayBeUnused: false) { true }
        for part in word.tokens {
            if pieces.isUnknown(part) || vocabulary.kinds[Int(part)] == .unused {
                fallback.append(pieces.text(of: part), to: &result, from: first)
            } else {
                result.append(part)
            }
        }
    }

    private func merged(
        _ text: ArraySlice<UInt8>, mayBeUnused: Bool, _ goesOn: () -> Bool
    ) -> (CharacterPieces, Word) {
        let pieces = CharacterPieces(text, vocabulary)
        var word = Word(tokens: pieces.tokens)
        text.withUnsafeBytes { bytes in
            let rule = Rule(
                text: bytes, offsets: pieces.offsets, vocabulary: vocabulary, ranks: ranks, longestText: longestText,
                mayBeUnused: mayBeUnused)
            word.merge(byQueue: rule, goesOn)
        }
        return (pieces, word)
    }

    /// Two neighbours become the token that has both texts.
    private struct Rule: MergeRule {
        let text: UnsafeRawBufferPointer
        /// Where each character begins; the first need not be 0.
        let offsets: [Int]
        let vocabulary: Vocabulary
        let ranks: [UInt32]
        let longestText: Int
        let mayBeUnused: Bool

        func merge(_ left: TokenID, _ right: TokenID, places: Range<Int>) -> Merge? {
            let (start, end) = (offsets[places.lowerBound] - offsets[0], offsets[places.upperBound] - offsets[0])
            guard end - start <= longestText,
                let token = vocabulary.token(text: UnsafeRawBufferPointer(rebasing: text[start..<end]))
            else { return nil }
            let kind = vocabulary.kinds[token]
            guard kind.isText, mayBeUnused || kind != .unused else { return nil }
            return Merge(rank: ranks[token], token: TokenID(token))
        }
    }

    /// The order of scores, highest first, as numbers.
    private static func rank(_ score: Float) -> UInt32 {
        // A score that is no number comes last. Adding 0 makes of -0 the 0 that equals it.
        guard !score.isNaN else { return .max - 1 }
        let bits = (score + 0).bitPattern
        // As unsigned numbers, the patterns of negative floats ascend as the floats descend.
        let ascending = bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
        return .max - 1 - min(ascending, .max - 1)
    }
}
