/// What a device shows, and a person types on the coordinator's machine, to let it in: as `K7QX-M2VD`.
///
/// The first letter is the device's place among those that wait, which the coordinator gave it and which is no secret. The other seven are
/// the device's secret of 35 bits.
package struct PairingCode: Sendable, Hashable {
    /// How many places the first letter can name.
    package static let places = 32
    private static let letterCount = 8
    /// Crockford's 32: of those that look alike one each.
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// The letters, without the hyphen.
    private let letters: [UInt8]

    /// One with a new secret.
    ///
    /// - Precondition: `place` is within 0 to 31.
    package init(place: Int) {
        var generator = SystemRandomNumberGenerator()
        self.init(place: place, using: &generator)
    }

    package init(place: Int, using generator: inout some RandomNumberGenerator) {
        precondition((0..<Self.places).contains(place), "place \(place) of \(Self.places)")
        letters =
            [Self.alphabet[place]]
            + (1..<Self.letterCount).map { _ in Self.alphabet[Int.random(in: 0..<Self.places, using: &generator)] }
    }

    /// Reads what a person typed: in any case, with or without hyphens and spaces; O is 0, I and L are 1, U is V. `nil` for what is no code.
    package init?(parsing text: String) {
        guard text.utf8.count <= 64 else { return nil }
        var letters: [UInt8] = []
        for byte in text.uppercased().utf8 where byte != UInt8(ascii: "-") && byte != UInt8(ascii: " ") {
            let letter =
                switch byte {
                case UInt8(ascii: "O"): UInt8(ascii: "0")
                case UInt8(ascii: "I"), UInt8(ascii: "L"): UInt8(ascii: "1")
                case UInt8(ascii: "U"): UInt8(ascii: "V")
                default: byte
                }
            guard Self.alphabet.contains(letter) else { return nil }
            letters.append(letter)
        }
        guard letters.count == Self.letterCount else { return nil }
        self.letters = letters
    }

    /// 0 to 31.
    package var place: Int { Self.alphabet.firstIndex(of: letters[0]) ?? 0 }

    /// As it is shown and typed. Not to be logged.
    package var text: String {
        String(decoding: letters.prefix(4), as: UTF8.self) + "-" + String(decoding: letters.dropFirst(4), as: UTF8.self)
    }

    var bytes: [UInt8] { letters }
}

extension PairingCode: CustomStringConvertible, CustomReflectable {
    /// Not the code: descriptions get into logs.
    package var description: String { "a code" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
