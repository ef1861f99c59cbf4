import GGUF

/// Byte-pair encoding over characters rather than bytes (`tokenizer.ggml.model` = "gemma4"): spaces become U+2581, lines are
/// merged each by itself by the file's merges, and characters without a token become those of their bytes.
struct CharacterPairEncoding: Sendable {
    private let vocabulary: Vocabulary
    private let merges: MergeTable
    private let fallback: UnknownText
    /// Whether a run of line feeds that is a token is taken as that, past the merges (Gemma 4).
    private let takesNewlineRuns: Bool

    init(
        metadata: GGUFMetadata, vocabulary: Vocabulary, takesNewlineRuns: Bool, unknown: TokenID?
    ) throws(TokenizerError) {
        self.vocabulary = vocabulary
        self.takesNewlineRuns = takesNewlineRuns
        merges = try MergeTable(metadata: metadata, vocabulary: vocabulary)
        fallback = UnknownText(vocabulary, unknown: unknown)
    }

    /// Appends the tokens of text that holds no special tokens, as far as `goesOn` lets it.
    func encode(_ text: Substring.UTF8View, into result: inout [TokenID], _ goesOn: () -> Bool) {
        let newline = UInt8(ascii: "\n")
        let marked = SpaceMark.marking(text)
        let first = result.count
        var start = 0
        while start < marked.count, goesOn() {
            let isNewline = marked[start] == newline
            let end = marked[start...].firstIndex { ($0 == newline) != isNewline } ?? marked.count
            encode(marked[start..<end], isNewline: isNewline, into: &result, from: first, goesOn)
            start = end
        }
    }

    private func encode(
        _ line: ArraySlice<UInt8>, isNewline: Bool, into result: inout [TokenID], from first: Int, _ goesOn: () -> Bool
    ) {
        if takesNewlineRuns, isNewline, let token = line.withUnsafeBytes({ vocabulary.token(text: $0) }),
            vocabulary.kinds[token].isText
        {
            result.append(TokenID(token))
            return
        }
        let pieces = CharacterPieces(line, vocabulary)
        var word = Word(tokens: pieces.tokens)
        word.merge(merges, goesOn)
        for token in word.tokens {
            if pieces.isUnknown(token) {
                fallback.append(pieces.text(of: token), to: &result, from: first)
            } else {
                result.append(token)
            }
        }
    }
}
