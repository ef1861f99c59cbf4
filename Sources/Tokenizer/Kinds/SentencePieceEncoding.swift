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
    private let longestText: Int
    private let spaces: SentencePieceSpaces
    private let fallback: UnknownText

    init(
        vocabulary: Vocabulary, scores: [Float], spaces: SentencePieceSpaces, unknown: TokenID?
    ) {
        self.vocabulary = vocabulary
        self.spaces = spaces
        ranks = scores.map(Self.rank)
        longestText = vocabulary.longestText
        fallback = UnknownText(vocabulary, unknown: unknown)
    }

    /// Whether a text that is decoded begins with a space that was added.
    var addsSpace: Bool { spaces.addsPrefix }

    /// Appends the tokens of text that holds no special tokens, as far as `goesOn` lets it.
    func encode(_ text: Substring.UTF8View, into result: inout [TokenID], _ goesOn: () -> Bool) {
        let marked = spaces.apply(text)
        let pieces = CharacterPieces(marked[...], vocabulary)
        var word = Word(tokens: pieces.tokens)
        word.merge(rule(for: pieces, mayBeUnused: true), goesOn)
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
        let pieces = CharacterPieces(vocabulary.text(of: Int(token)), vocabulary)
        var word = Word(tokens: pieces.tokens)
        word.merge(rule(for: pieces, mayBeUnused: false))
        for part in word.tokens {
            if pieces.isUnknown(part) || vocabulary.kinds[Int(part)] == .unused {
                fallback.append(pieces.text(of: part), to: &result, from: first)
            } else {
                result.append(part)
            }
        }
    }

    private func rule(for pieces: CharacterPieces, mayBeUnused: Bool) -> Rule {
        Rule(
            pieces: pieces, vocabulary: vocabulary, ranks: ranks, longestText: longestText, mayBeUnused: mayBeUnused)
    }

    /// Two neighbours become the token that has both texts.
    private struct Rule: MergeRule {
        let pieces: CharacterPieces
        let vocabulary: Vocabulary
        let ranks: [UInt32]
        let longestText: Int
        let mayBeUnused: Bool

        func merge(_ left: TokenID, _ right: TokenID) -> Merge? {
            let (first, second) = (pieces.text(of: left), pieces.text(of: right))
            let count = first.count + second.count
            guard count <= longestText else { return nil }
            let found = withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { joined in
                first.withUnsafeBytes { joined.copyMemory(from: $0) }
                second.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: joined[first.count...]).copyMemory(from: $0)
                }
                return vocabulary.token(text: UnsafeRawBufferPointer(joined))
            }
            guard let token = found, vocabulary.kinds[token].isText, mayBeUnused || vocabulary.kinds[token] != .unused
            else { return nil }
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
