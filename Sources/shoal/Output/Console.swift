import Foundation

/// The terminal's two streams. What steers a terminal is escaped, unless a name says otherwise.
enum Console {
    /// A line to standard error.
    static func error(_ line: String) { errorUnescaped(line.printable() + "\n") }

    /// Text of this program's own to standard error, as it is and without ending the line.
    static func errorUnescaped(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    /// Text to standard output, at once.
    static func write(_ text: String) { writeUnescaped(text.printable()) }

    /// Text of this program's own to standard output, as it is.
    static func writeUnescaped(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    /// What a model answers: as it is into files and pipes.
    static func answer(_ piece: String) {
        if isatty(STDOUT_FILENO) == 1 { write(piece) } else { writeUnescaped(piece) }
    }

    /// A value as JSON to standard output, keys sorted.
    static func json(
        _ value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .convertToSnakeCase
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = keys
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        // The encoder escapes C0 only; in JSON such characters are nowhere but within texts (RFC 8259, section 7).
        writeUnescaped(text.printable { "\\u" + String(format: "%04x", $0.value) } + "\n")
    }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
