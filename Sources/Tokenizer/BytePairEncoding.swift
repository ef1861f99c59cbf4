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

    init(metadata: GGUFMetadata, vocabulary: Vocabulary, unknown: TokenID?) throws(TokenizerError) {
        preTokenizer = try PreTokenizer(metadata: metadata)
        merges = try Self.merges(metadata, vocabulary)
        byteTokens = ByteAlphabet.encoded.map { text in
            vocabulary.token(text: text).flatMap { vocabulary.kinds[$0] == .control ? nil : TokenID($0) }
        }
        self.vocabulary = vocabulary
        self.unknown = unknown
    }

    /// Whether texts begin with the token for that when the file does not say.
    var addsBeginningByDefault: Bool { preTokenizer.addsBeginningByDefault }

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

    /// Reads `tokenizer.ggml.merges`: one text "left right" per merge, in order.
    private static func merges(
        _ metadata: GGUFMetadata, _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> MergeTable {
        guard let array = metadata["tokenizer.ggml.merges"]?.array, array.elementType == .string,
            array.count <= Int(Int32.max / 4)
        else {
            throw TokenizerError(
                code: .metadata,
                message: "the file has no merges (tokenizer.ggml.merges): use a file that was converted with them")
        }
        var table = MergeTable(capacity: array.count)
        var joined: [UInt8] = []
        var rank: UInt32 = 0
        try array.forEachStringBytes { (text: UnsafeRawBufferPointer) throws(TokenizerError) in
            defer { rank += 1 }
            // The left part may itself be a space in vocabularies that are not of the byte alphabet.
            guard let space = text.dropFirst().firstIndex(of: 0x20), space + 1 < text.count else {
                throw TokenizerError(
                    code: .invalidVocabulary,
                    message: "merge \(rank) of the file is not two texts and a space: download or convert it again")
            }
            let first = UnsafeRawBufferPointer(rebasing: text[..<space])
            let second = UnsafeRawBufferPointer(rebasing: text[(space + 1)...])
            joined.removeAll(keepingCapacity: true)
            joined.append(contentsOf: first)
            joined.append(contentsOf: second)
            // Merges of texts outside of the vocabulary can never lead to a token; into a control token none may lead.
            guard let left = vocabulary.token(text: first), let right = vocabulary.token(text: second),
                let token = vocabulary.token(text: joined), vocabulary.kinds[token] != .control
            else { return }
            table.insert(left: TokenID(left), right: TokenID(right), rank: rank, token: TokenID(token))
        }
        return table
    }
}
