import Foundation
import Synchronization
import Terminal
import Wire

/// The terminal's two streams. What steers a terminal is escaped, unless a name says otherwise.
///
/// Who reads them may go away (`shoal devices | head -1`). A command whose output nobody reads ends, as from SIGPIPE; one that outlives
/// its readers goes on without. What is said on standard error to nobody is dropped.
enum Console {
    /// One line to standard error: names and errors of files and of other machines may hold line breaks, which would forge more. On a
    /// terminal it is broken between words.
    static func error(_ line: String) {
        log((outlivesReader.load(ordering: .relaxed) ? Log.stamp : "") + line.printable(onOneLine: true))
    }

    /// A line of a log to standard error, escaped already.
    static func log(_ line: String) {
        guard let columns = TerminalWindow.columns(of: STDERR_FILENO), line.displayWidth > columns else {
            return errorUnescaped(line + "\n")
        }
        errorUnescaped(WordWrap.lines(of: line, columns: columns).joined(separator: "\n") + "\n")
    }

    /// Text of this program's own to standard error, as it is and without ending the line.
    static func errorUnescaped(_ text: String) { _ = put(text, to: STDERR_FILENO) }

    /// Text to standard output, at once. On a terminal, lines that end with it are broken between words.
    static func write(_ text: String) {
        let text = text.printable()
        guard text.hasSuffix("\n"), let columns = TerminalWindow.columns(of: STDOUT_FILENO) else {
            return writeUnescaped(text)
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        writeUnescaped(lines.map { broken($0, columns: columns) }.joined(separator: "\n"))
    }

    /// A line that is too wide, as several that begin where it begins.
    private static func broken(_ line: Substring, columns: Int) -> String {
        guard line.displayWidth > columns else { return String(line) }
        let indent = String(line.prefix { $0 == " " })
        return WordWrap.lines(of: line, columns: max(20, columns - indent.count)).map { indent + $0 }
            .joined(separator: "\n")
    }

    /// Text of this program's own to standard output, as it is.
    static func writeUnescaped(_ text: String) {
        guard !isUnread, let failure = put(text, to: STDOUT_FILENO) else { return }
        if failure != EPIPE {
            error("shoal: standard output cannot be written: \(String(cString: strerror(failure)))")
            if !outlivesReader.load(ordering: .relaxed) { exit(1) }
        }
        unread.store(true, ordering: .relaxed)
        if !outlivesReader.load(ordering: .relaxed) { endIfUnread() }
    }

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

    /// A value as JSON on one line, keys sorted.
    static func jsonLine(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        writeUnescaped(text.printable { "\\u" + String(format: "%04x", $0.value) } + "\n")
    }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    // MARK: Readers that go away

    /// Whether nobody reads standard output any more.
    static var isUnread: Bool { unread.load(ordering: .relaxed) }

    /// From now on the process does not end when nobody reads its output.
    static func outliveReader() { outlivesReader.store(true, ordering: .relaxed) }

    /// Ends the process as SIGPIPE does, where nobody reads its output.
    static func endIfUnread() {
        guard isUnread else { return }
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        // Blocked, perhaps.
        _exit(128 + SIGPIPE)
    }

    /// How many times something was written to the terminal: who draws there sees by it whether others did too.
    static var writtenCount: Int { writes.load(ordering: .relaxed) }

    private static let writes = Atomic(0)
    private static let unread = Atomic(false)
    private static let outlivesReader = Atomic(false)

    /// Writes all of it.
    ///
    /// - Returns: the system's number of what went wrong, nil where nothing did.
    private static func put(_ text: String, to descriptor: Int32) -> Int32? {
        if isatty(descriptor) == 1 { writes.add(1, ordering: .relaxed) }
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                } else if errno == EAGAIN {
                    // Another process made it so that writing does not wait.
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&waiting, 1, -1)
                } else if errno != EINTR {
                    return errno
                }
            }
            return nil
        }
    }
}
