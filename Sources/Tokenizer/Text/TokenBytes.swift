/// What every token stands for in a text, one after the other.
struct TokenBytes: Sendable {
    private let bytes: [UInt8]
    private let offsets: [Int]

    init(_ vocabulary: Vocabulary, _ kind: TokenizerKind) {
        var bytes: [UInt8] = []
        var offsets = [0]
        offsets.reserveCapacity(vocabulary.count + 1)
        let marks = kind == .wordPiece ? WordPieceEncoding.Marks(vocabulary) : .beginnings
        for token in 0..<vocabulary.count {
            let text = vocabulary.text(of: token)
            switch (vocabulary.kinds[token], kind) {
            case (.control, _), (.unknown, _), (.userDefined, .bytePair), (.userDefined, .wordPiece): bytes += text
            case (_, .bytePair): BytePairEncoding.append(bytesOfText: text, to: &bytes)
            case (_, .wordPiece): Self.append(wordPiece: marks.read(text), to: &bytes)
            case (let tokenKind, .characterPair), (let tokenKind, .sentencePiece), (let tokenKind, .unigram):
                if tokenKind == .byte, let byte = ByteTokens.byte(ofText: text) {
                    bytes.append(byte)
                } else {
                    SpaceMark.append(textOf: text, to: &bytes)
                }
            }
            offsets.append(bytes.count)
        }
        (self.bytes, self.offsets) = (bytes, offsets)
    }

    subscript(token: Int) -> ArraySlice<UInt8> { bytes[offsets[token]..<offsets[token + 1]] }

    /// The bytes of the token that stands for the most.
    var longest: Int { zip(offsets, offsets.dropFirst()).lazy.map { $1 - $0 }.max() ?? 0 }

    /// A word has a space before it, but for the signs that follow a word.
    private static func append(wordPiece: (text: ArraySlice<UInt8>, beginsWord: Bool), to bytes: inout [UInt8]) {
        let isSign = wordPiece.text.count == 1 && ".,?!".utf8.contains(wordPiece.text.first ?? 0)
        if wordPiece.beginsWord, !isSign { bytes.append(UInt8(ascii: " ")) }
        bytes += wordPiece.text
    }
}
