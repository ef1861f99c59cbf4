/// What pre-tokenizers need to know of a character; a set of classes is such a value too.
///
/// Names in parentheses are Unicode's general categories, as regular expressions write them (`\p{L}`).
struct CharacterClass: OptionSet, Sendable, Hashable {
    let rawValue: UInt16

    /// Capital and title-case letters (Lu, Lt).
    static let uppercase = CharacterClass(rawValue: 1 << 0)
    /// Small letters (Ll).
    static let lowercase = CharacterClass(rawValue: 1 << 1)
    /// Letters without case (Lm, Lo).
    static let caseless = CharacterClass(rawValue: 1 << 2)
    /// Marks that combine with the character before (M).
    static let mark = CharacterClass(rawValue: 1 << 3)
    /// Numbers of any kind (N).
    static let number = CharacterClass(rawValue: 1 << 4)
    /// Carriage return or line feed.
    static let newline = CharacterClass(rawValue: 1 << 5)
    /// Other white space (`\s`, the property White_Space).
    static let space = CharacterClass(rawValue: 1 << 6)
    /// Punctuation (P).
    static let punctuation = CharacterClass(rawValue: 1 << 7)
    /// Symbols (S).
    static let symbol = CharacterClass(rawValue: 1 << 8)
    /// Anything else: controls, format characters, what is not assigned.
    static let other = CharacterClass(rawValue: 1 << 9)

    /// `\p{L}`.
    static let letter: CharacterClass = [.uppercase, .lowercase, .caseless]
    /// `\s`.
    static let whitespace: CharacterClass = [.newline, .space]
    /// `[^\s\p{L}\p{N}]`.
    static let sign: CharacterClass = [.mark, .punctuation, .symbol, .other]

    init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The class of a character, always exactly one.
    init(_ scalar: Unicode.Scalar) {
        self = scalar.isASCII ? Self.ascii[Int(scalar.value)] : Self(properties: scalar)
    }

    /// Whether a character of this class is in a set.
    func isIn(_ set: CharacterClass) -> Bool { rawValue & set.rawValue != 0 }

    private static let ascii: [CharacterClass] = (0..<128).map { CharacterClass(properties: Unicode.Scalar(UInt8($0))) }

    private init(properties scalar: Unicode.Scalar) {
        if scalar == "\r" || scalar == "\n" {
            self = .newline
        } else if scalar.properties.isWhitespace {
            self = .space
        } else {
            self = Self(category: scalar.properties.generalCategory)
        }
    }

    private init(category: Unicode.GeneralCategory) {
        switch category {
        case .uppercaseLetter, .titlecaseLetter: self = .uppercase
        case .lowercaseLetter: self = .lowercase
        case .modifierLetter, .otherLetter: self = .caseless
        case .nonspacingMark, .spacingMark, .enclosingMark: self = .mark
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            self = .punctuation
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: self = .symbol
        default: self = .other
        }
    }
}
