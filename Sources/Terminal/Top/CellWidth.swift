/// Cells of a terminal that texts take: enough for names and reasons on a full screen.
extension String {
    /// Wide characters (East Asian, emoji) take two, marks that combine none of their own.
    var cells: Int { reduce(0) { $0 + $1.cells } }

    /// In exactly so many cells: cut with an ellipsis, or padded behind or before it.
    func fitted(to width: Int, right: Bool = false) -> String {
        guard width > 0 else { return "" }
        let text = cells > width ? cut(to: width - 1) + "…" : self
        let padding = String(repeating: " ", count: max(0, width - text.cells))
        return right ? padding + text : text + padding
    }

    /// As much of its beginning as fits.
    func cut(to width: Int) -> String {
        var text = ""
        var used = 0
        for character in self {
            used += character.cells
            if used > width { break }
            text.append(character)
        }
        return text
    }
}

extension Character {
    fileprivate var cells: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        if scalar.properties.generalCategory == .nonspacingMark { return 0 }
        return scalar.properties.isEmojiPresentation || Self.wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// East Asian wide and fullwidth, in runs (Unicode, EastAsianWidth).
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
        0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd,
    ]
}
