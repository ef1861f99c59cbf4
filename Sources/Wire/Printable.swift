extension StringProtocol {
    /// The text without what would steer a terminal or hide what is written: controls other than line feed and tab, and marks that
    /// turn the direction of writing, each as its number. Names, texts and errors of files and of other machines go through this.
    ///
    /// - Parameters:
    ///   - onOneLine: whether line feeds and tabs are escaped too.
    ///   - escape: how a character is written, by default `\u{1b}`.
    package func printable(
        onOneLine: Bool = false, escape: (Unicode.Scalar) -> String = { "\\u{\(String($0.value, radix: 16))}" }
    ) -> String {
        guard unicodeScalars.contains(where: { Self.steers($0, onOneLine) }) else { return String(self) }
        return unicodeScalars.reduce(into: "") { result, scalar in
            if Self.steers(scalar, onOneLine) {
                result += escape(scalar)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func steers(_ scalar: Unicode.Scalar, _ onOneLine: Bool) -> Bool {
        switch scalar.value {
        case 0x09, 0x0a: onOneLine
        // C0 and C1 controls (ECMA-48); line and paragraph separators; bidirectional formatting (Unicode, UAX #9).
        case 0..<0x20, 0x7f...0x9f, 0x061c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}
