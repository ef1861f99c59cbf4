/// The alphabet of byte-level BPE: one printable character for each byte, in which vocabularies are written.
///
/// Bytes that are printable in Latin-1 stand for themselves; the others take the characters from U+0100 on, in order
/// (GPT-2's `bytes_to_unicode`, Radford et al. 2019).
package enum ByteAlphabet {
    /// The UTF-8 form of each byte's character; one or two bytes.
    static let encoded: [[UInt8]] = scalars.map { Array(String($0).utf8) }

    /// The character of a byte.
    package static func character(of byte: UInt8) -> Character { Character(scalars[Int(byte)]) }

    /// The byte that a character stands for, nil for characters outside of the alphabet.
    static func byte(of scalarValue: UInt32) -> UInt8? {
        let value = Int(scalarValue)
        guard value < inverse.count, inverse[value] >= 0 else { return nil }
        return UInt8(inverse[value])
    }

    private static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (UInt8.min...UInt8.max).map { byte in
            if isPrintable(byte) { return Unicode.Scalar(byte) }
            defer { next += 1 }
            return Unicode.Scalar(next) ?? " "
        }
    }()

    /// From the character's value to the byte, -1 for no byte.
    private static let inverse: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x100 + 256)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = Int16(byte) }
        return table
    }()

    private static func isPrintable(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21...0x7e, 0xa1...0xac, 0xae...0xff: true
        default: false
        }
    }
}
