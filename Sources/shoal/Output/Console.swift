import Foundation

/// The terminal's two streams.
enum Console {
    /// A line to standard error.
    static func error(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

    /// Text to standard error, without ending the line.
    static func errorLine(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    /// Text to standard output, at once.
    static func write(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    /// A value as JSON to standard output, keys sorted.
    static func json(
        _ value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .convertToSnakeCase
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = keys
        write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
    }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
