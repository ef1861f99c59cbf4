extension Unicode.Scalar {
    /// How many columns of a terminal it takes: 0 where it joins what is before it, 2 where it is wide, else 1.
    package var displayWidth: Int {
        // Almost all text.
        if value < 0x300 { return value < 0x20 || (0x7f...0x9f).contains(value) ? 0 : 1 }
        // Vowels and finals of Hangul, which join the consonant before them.
        if (0x1160...0x11ff).contains(value) { return 0 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if properties.isDefaultIgnorableCodePoint { return 0 }
        return properties.isEmojiPresentation || Self.isWide(value) ? 2 : 1
    }

    /// Ranges of the classes W and F of Unicode 16's EastAsianWidth.txt (UAX #11), without the emoji, which the standard library knows.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115f, 0x2329...0x232a, 0x2e80...0x303e, 0x3041...0x4dbf, 0x4e00...0xa4cf, 0xa960...0xa97c,
        0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff01...0xff60, 0xffe0...0xffe6,
        0x16fe0...0x18d08, 0x1aff0...0x1b2fb, 0x1f200...0x1f265, 0x20000...0x3fffd,
    ]

    private static func isWide(_ value: UInt32) -> Bool { wide.contains { $0.contains(value) } }
}

extension Character {
    /// How many columns of a terminal it takes. What consists of several scalars, as a family or a flag, is as wide as the widest.
    package var displayWidth: Int {
        var width = 0
        for scalar in unicodeScalars {
            // What this selector follows is drawn as an emoji.
            if scalar.value == 0xfe0f { return 2 }
            width = max(width, scalar.displayWidth)
        }
        // A flag is two letters.
        return unicodeScalars.first.map { (0x1f1e6...0x1f1ff).contains($0.value) } == true ? 2 : width
    }

    /// Whether a line may end before and after it, as in writing that has no spaces between words.
    var isIdeographic: Bool {
        guard let first = unicodeScalars.first, first.value > 0x1100 else { return false }
        return first.displayWidth == 2 && !(0xac00...0xd7a3).contains(first.value)
    }

    /// Whether no line may begin with it, where writing has no spaces between words.
    var closesIdeographs: Bool { "、。，．・：；？！）］｝〉》」』】〕〗〙ー々ゝゞぁぃぅぇぉっゃゅょァィゥェォッャュョ…".contains(self) }
}

extension StringProtocol {
    /// How many columns of a terminal it takes on one line.
    package var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

    /// As much of its beginning as some columns hold.
    package func fitting(columns: Int) -> String {
        var (text, width) = ("", 0)
        for character in self {
            width += character.displayWidth
            if width > columns { break }
            text.append(character)
        }
        return text
    }

    /// As much of it as some columns hold, its middle left out: names that begin alike differ at the end.
    package func shortened(to columns: Int) -> String {
        guard displayWidth > columns else { return String(self) }
        guard columns > 1 else { return columns == 1 ? "…" : "" }
        let end = (columns - 1) / 2
        let tail = String(String(reversed()).fitting(columns: end).reversed())
        return fitting(columns: columns - 1 - end) + "…" + tail
    }
}
