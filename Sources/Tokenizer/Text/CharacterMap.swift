/// The normalisation that a SentencePiece model was made with (`tokenizer.ggml.precompiled_charsmap`): what texts are replaced
/// with which, such as full-width letters with plain ones (NFKC and more).
///
/// Layout: the size in bytes of a double array (little-endian UInt32), the array, then all replacements, each with a 0 byte at
/// its end. The array is a tree of bytes in 32-bit units (Darts-clone, Yata 2008): bits 0...7 hold the byte that leads to the
/// unit, bit 8 whether a text ends there, bits 10... the offset to the units of the next bytes, shifted by 8 more where bit 9
/// is set; of a unit with bit 31 the lower bits are the place of a replacement.
struct CharacterMap: Sendable {
    /// Bytes that a text to be replaced, and a replacement, may have; real ones have at most 36.
    private static let longestText = 64

    private let units: [UInt32]
    private let replacements: [UInt8]

    init(_ bytes: [UInt8]) throws(TokenizerError) {
        func damaged(_ what: String) -> TokenizerError {
            TokenizerError(
                code: .invalidVocabulary,
                message:
                    "the character map of the file (tokenizer.ggml.precompiled_charsmap, \(bytes.count) bytes) \(what): download or convert it again"
            )
        }
        func word(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
        }
        guard bytes.count > 4 else { throw damaged("is too short") }
        let size = Int(word(0))
        guard size % 4 == 0, size <= bytes.count - 4 else { throw damaged("says it has a table of \(size) bytes") }
        units = (0..<size / 4).map { word(4 + 4 * $0) }
        replacements = Array(bytes[(4 + size)...])
        guard replacements.last == 0 || replacements.isEmpty else { throw damaged("ends within a text") }
        guard replacements.split(separator: 0).allSatisfy({ $0.count <= Self.longestText }) else {
            throw damaged("has a text of more than \(Self.longestText) bytes")
        }
    }

    /// A text (UTF-8) with everything replaced that is to be, the longest match at each place first.
    func apply(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var place = 0
        while place < text.count {
            if let (count, replacement) = longestMatch(in: text, at: place) {
                result += replacement
                place += count
            } else {
                let end = min(place + CharacterPieces.width(text[place]), text.count)
                result += text[place..<end]
                place = end
            }
        }
        // Wrong tables could cut characters in two.
        return String(validating: result, as: UTF8.self) == nil
            ? Array(String(decoding: result, as: UTF8.self).utf8) : result
    }

    private func longestMatch(in text: [UInt8], at start: Int) -> (count: Int, ArraySlice<UInt8>)? {
        guard let root = units.first else { return nil }
        var unit = Self.offset(root)
        var match: (count: Int, place: Int)?
        for index in start..<min(text.count, start + Self.longestText) {
            let byte = text[index]
            unit ^= Int(byte)
            guard byte != 0, unit < units.count, units[unit] & 0x8000_00ff == UInt32(byte) else { break }
            let ends = units[unit] & 0x100 != 0
            unit ^= Self.offset(units[unit])
            if ends, unit < units.count { match = (index - start + 1, Int(units[unit] & 0x7fff_ffff)) }
        }
        guard let match, match.place < replacements.count,
            let end = replacements[match.place...].firstIndex(of: 0)
        else { return nil }
        return (match.count, replacements[match.place..<end])
    }

    private static func offset(_ unit: UInt32) -> Int {
        Int(unit >> 10) << (unit & 0x200 != 0 ? 8 : 0)
    }
}
