/// The character that stands for a space in vocabularies of characters: U+2581, lower one eighth block (SentencePiece).
enum SpaceMark {
    static let bytes: [UInt8] = [0xe2, 0x96, 0x81]

    /// Appends a token's text with its marks as spaces.
    static func append(textOf text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].starts(with: Self.bytes) {
                bytes.append(UInt8(ascii: " "))
                index += Self.bytes.count
            } else {
                bytes.append(text[index])
                index += 1
            }
        }
    }

    /// A text with its spaces as marks.
    static func marking(_ text: some Collection<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 5 / 4)
        for byte in text {
            if byte == UInt8(ascii: " ") { bytes += Self.bytes } else { bytes.append(byte) }
        }
        return bytes
    }
}
