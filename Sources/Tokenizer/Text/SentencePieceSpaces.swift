/// What SentencePiece does to the spaces of a text before it looks for pieces.
struct SentencePieceSpaces: Sendable {
    /// `tokenizer.ggml.add_space_prefix`: a text begins with a space that it does not have.
    let addsPrefix: Bool
    /// `tokenizer.ggml.remove_extra_whitespaces`: of several spaces one stays, at the beginning and end none.
    let removesExtra: Bool

    /// A text with its spaces as marks; nothing for nothing.
    func apply(_ text: some Collection<UInt8>) -> [UInt8] {
        let space = UInt8(ascii: " ")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 5 / 4 + 3)
        if addsPrefix, !text.isEmpty { bytes += SpaceMark.bytes }
        guard removesExtra else {
            for byte in text { if byte == space { bytes += SpaceMark.bytes } else { bytes.append(byte) } }
            return bytes
        }
        var (hasWord, isAfterSpace) = (false, false)
        for byte in text {
            if byte == space {
                isAfterSpace = true
                continue
            }
            if isAfterSpace, hasWord { bytes += SpaceMark.bytes }
            bytes.append(byte)
            (hasWord, isAfterSpace) = (true, false)
        }
        return hasWord ? bytes : []
    }
}
