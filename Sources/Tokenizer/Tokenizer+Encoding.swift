extension Tokenizer {
    /// How text between special tokens becomes tokens; one case per kind of tokenizer.
    enum Encoding: Sendable {
        case bytePair(BytePairEncoding)
        case characterPair(CharacterPairEncoding)
        case sentencePiece(SentencePieceEncoding)
        case unigram(UnigramEncoding)
        case wordPiece(WordPieceEncoding)

        init(
            _ kind: TokenizerKind, _ keys: TokenizerKeys, _ vocabulary: Vocabulary, unknown: TokenID?
        ) throws(TokenizerError) {
            switch kind {
            case .bytePair(let preTokenizer):
                self = .bytePair(
                    try BytePairEncoding(
                        metadata: keys.metadata, vocabulary: vocabulary, preTokenizer: preTokenizer, unknown: unknown))
            case .characterPair(let takesNewlineRuns):
                self = .characterPair(
                    try CharacterPairEncoding(
                        metadata: keys.metadata, vocabulary: vocabulary, takesNewlineRuns: takesNewlineRuns,
                        unknown: unknown))
            case .sentencePiece:
                self = .sentencePiece(
                    SentencePieceEncoding(
                        vocabulary: vocabulary, scores: try keys.scores(count: vocabulary.count),
                        spaces: try Self.spaces(keys, addsPrefix: true), unknown: unknown))
            case .unigram:
                self = .unigram(
                    UnigramEncoding(
                        vocabulary: vocabulary, scores: try keys.scores(count: vocabulary.count),
                        spaces: try Self.spaces(keys, addsPrefix: false), characters: try keys.characterMap(),
                        unknown: unknown))
            case .wordPiece:
                // BERT's models without case strip accents too.
                let isLowercase = try keys.bool("tokenizer.ggml.normalizer.lowercase") ?? true
                self = .wordPiece(
                    WordPieceEncoding(
                        vocabulary: vocabulary, isLowercase: isLowercase,
                        stripsAccents: try keys.bool("tokenizer.ggml.normalizer.strip_accents") ?? isLowercase,
                        unknown: unknown))
            }
        }

        /// Whether a text that is decoded begins with a space that encoding put there.
        var addsSpace: Bool {
            switch self {
            case .bytePair, .characterPair: false
            case .sentencePiece(let encoding): encoding.addsSpace
            case .unigram(let encoding): encoding.addsSpace
            case .wordPiece: true
            }
        }

        /// Appends the tokens of text that holds no special tokens, as far as `goesOn` lets it.
        func encode(_ text: Substring.UTF8View, into result: inout [TokenID], _ goesOn: () -> Bool) {
            switch self {
            case .bytePair(let encoding): encoding.encode(text, into: &result, goesOn)
            case .characterPair(let encoding): encoding.encode(text, into: &result, goesOn)
            case .sentencePiece(let encoding): encoding.encode(text, into: &result, goesOn)
            case .unigram(let encoding): encoding.encode(text, into: &result, goesOn)
            case .wordPiece(let encoding): encoding.encode(text, into: &result, goesOn)
            }
        }

        private static func spaces(
            _ keys: TokenizerKeys, addsPrefix: Bool
        ) throws(TokenizerError) -> SentencePieceSpaces {
            SentencePieceSpaces(
                addsPrefix: try keys.bool("tokenizer.ggml.add_space_prefix") ?? addsPrefix,
                removesExtra: try keys.bool("tokenizer.ggml.remove_extra_whitespaces") ?? false)
        }
    }
}
