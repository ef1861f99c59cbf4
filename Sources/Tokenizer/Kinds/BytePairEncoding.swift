import GGUF

/// Byte-level byte-pair encoding (`tokenizer.ggml.model` = "gpt2"): text is split by the file's pre-tokenizer, each
/// piece begins as one token per byte, and neighbours are merged, earliest merge first, leftmost first.
///
/// Sennrich et al. 2016; the byte level is of Radford et al. 2019.
struct BytePairEncoding: Sendable {
    private let preTokenizer: PreTokenizer
    private let merges: MergeTable
    private let vocabulary: Vocabulary
    /// The token of each single byte, nil where the vocabulary has none.
    private let byteTokens: [TokenID?]
    private let unknown: TokenID?

    init(
        metadata: GGUFMetadata, vocabulary: Vocabulary, preTokenizer: PreTokenizer, unknown: TokenID?
    ) throws(TokenizerError) {
        self.preTokenizer = preTokenizer
        merges = try MergeTable(metadata: metadata, vocabulary: vocabulary)
        byteTokens = ByteAlphabet.encoded.map { text in
            vocabulary.token(text: text).flatMap { vocabulary.kinds[$0] == .control ? nil : TokenID($0) }
        }
        self.vocabulary = vocabulary
        self.unknown = unknown
    }

    /// Pieces between two questions whether to go on.
    private static let piecesPerLook = 256

    /// Appends the tokens of text that holds no special tokens, as far as `goesOn` lets it.
    func encode(_ text: Substring.UTF8View, into result: inout [TokenID], _ goesOn: () -> Bool) {
        let scalars = ClassifiedText(text)
        var word = Word()
        var start = 0
        var (pieces, isStopped) = (0, false)
        // The pieces come in order and without gaps.
        preTokenizer.split(scalars) { piece in
            pieces += 1
            if pieces % Self.piecesPerLook == 0, !isStopped { isStopped = !goesOn() }
            if isStopped { return }
            let end = start + scalars.byteCount(piece)
            encode(scalars.bytes[start..<end], word: &word, into: &result, goesOn)
            start = end
        }
    }

    private func encode(
        _ piece: ArraySlice<UInt8>, word: inout Word, into result: inout [TokenID], _ goesOn: () -> Bool
    ) {
        if preTokenizer.takesWholePieces, let token = wholeToken(piece) {
            result.append(token)
            return
        }
        word.tokens.removeAll(keepingCapacity: true)
        word.tokens.reserveCapacity(piece.count)
        for byte in piece {
            // A byte without a token becomes the unknown token, or vanishes when the file has none.
            if let token = byteTokens[Int(byte)] ?? unknown { word.tokens.append(token) }
        }
        word.merge(merges, goesOn)
        result.append(contentsOf: word.tokens)
    }

    /// The normal token that is the whole piece; control tokens can never be reached from text.
    private func wholeToken(_ piece: ArraySlice<UInt8>) -> TokenID? {
        var text: [UInt8] = []
        text.reserveCapacity(piece.count * 2)
        for byte in piece { text.append(contentsOf: ByteAlphabet.encoded[Int(byte)]) }
        guard let token = vocabulary.token(text: text), vocabulary.kinds[token] == .normal else { return nil }
        return TokenID(token)
    }

    /// Appends the bytes that a text of the vocabulary stands for.
    static func append(bytesOfText text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        var index = text.startIndex
        while index < text.endIndex {
            let first = text[index]
            // The alphabet is characters of one and two bytes; whatever else a text holds stands for itself.
            if first < 0x80 {
                bytes.append(ByteAlphabet.byte(of: UInt32(first)) ?? first)
                index += 1
                continue
            }
            if first & 0b1110_0000 == 0b1100_0000, index + 1 < text.endIndex,
                text[index + 1] & 0b1100_0000 == 0b1000_0000
            {
                let value = UInt32(first & 0b1_1111) << 6 | UInt32(text[index + 1] & 0b11_1111)
                if let byte = ByteAlphabet.byte(of: value) {
                    bytes.append(byte)
                    index += 2
                    continue
                }
            }
            bytes.append(first)
            index += 1
        }
    }
}
