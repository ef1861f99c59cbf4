/// What pre-tokenizers need to know of a character.
enum CharacterClass: UInt8 {
    /// General category L (`\p{L}`).
    case letter
    /// General category N (`\p{N}`).
    case number
    /// Carriage return or line feed; also white space.
    case newline
    /// Other white space (`\s`, the property White_Space).
    case space
    /// Anything else: punctuation, symbols, marks, controls.
    case other

    var isWhitespace: Bool { self == .newline || self == .space }

    init(_ scalar: Unicode.Scalar) {
        self = scalar.isASCII ? Self.ascii[Int(scalar.value)] : Self(properties: scalar)
    }

    private static let ascii: [CharacterClass] = (0..<128).map { CharacterClass(properties: Unicode.Scalar(UInt8($0))) }

    private init(properties scalar: Unicode.Scalar) {
        if scalar == "\r" || scalar == "\n" {
            self = .newline
        } else if scalar.properties.isWhitespace {
            self = .space
        } else {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
            case .decimalNumber, .letterNumber, .otherNumber: self = .number
            default: self = .other
            }
        }
    }
}

/// A text as an array of Unicode scalars with their classes, and as UTF-8.
struct ClassifiedText {
    /// The text in UTF-8.
    let bytes: [UInt8]
    /// The scalars in order.
    let scalars: [Unicode.Scalar]
    /// One class per scalar.
    let classes: [CharacterClass]

    init(_ text: Substring.UTF8View) {
        bytes = Array(text)
        var scalars: [Unicode.Scalar] = []
        var classes: [CharacterClass] = []
        scalars.reserveCapacity(bytes.count)
        classes.reserveCapacity(bytes.count)
        for scalar in Substring(text).unicodeScalars {
            scalars.append(scalar)
            classes.append(CharacterClass(scalar))
        }
        self.scalars = scalars
        self.classes = classes
    }

    /// How many of `bytes` a range of scalars takes.
    func byteCount(_ range: Range<Int>) -> Int {
        scalars[range].reduce(0) { $0 + UTF8.width($1) }
    }

    /// The end of the run of characters from `start` that satisfy `condition`, at most `end`.
    func endOfRun(from start: Int, to end: Int, where condition: (CharacterClass) -> Bool) -> Int {
        var index = start
        while index < end, condition(classes[index]) { index += 1 }
        return index
    }
}
