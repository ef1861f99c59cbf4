extension Lexer {
    private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
        "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{c}",
        "v": "\u{b}",
        "0": "\0",
    ]

    /// One escape of Python's string literals; an unknown one stays as it is.
    mutating func escape(into result: inout String) {
        guard let next = scalar(offset) else { return }
        advance(to: offset + 1)
        if let plain = Self.escapes[next] {
            result.unicodeScalars.append(plain)
            return
        }
        if next == "\n" { return }
        let counts: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
        if let count = counts[next], offset + count <= scalars.count,
            scalars[offset..<offset + count].allSatisfy({ $0.properties.isASCIIHexDigit }),
            let code = UInt32(text(offset..<offset + count), radix: 16), let scalar = Unicode.Scalar(code)
        {
            result.unicodeScalars.append(scalar)
            advance(to: offset + count)
            return
        }
        result.unicodeScalars.append("\\")
        result.unicodeScalars.append(next)
    }
}
