internal import CEdit

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Lines that a person edits on the terminal, with a history. To be used by one thread at a time, which it blocks.
package final class LineEditor {
    package enum Input: Equatable, Sendable {
        /// Without its end.
        case line(String)
        /// Ctrl-C: the line is left.
        case interrupted
        /// Ctrl-D on an empty line, or the terminal is gone.
        case end
    }

    private let editor: OpaquePointer
    private let history: OpaquePointer
    private let state: UnsafeMutablePointer<shoal_edit_line>
    private let historyFile: String?
    /// Lines that are remembered.
    private static let remembered: Int32 = 1000

    /// - Parameter historyFile: where lines are remembered, readable by this user alone; nil is nowhere.
    /// - Returns: nil where the terminal cannot be used so.
    package init?(historyFile: String?) {
        setlocale(LC_CTYPE, "")
        guard let history = history_init() else { return nil }
        guard let editor = shoal_edit_make() else {
            history_end(history)
            return nil
        }
        (self.editor, self.history, self.historyFile) = (editor, history, historyFile)
        state = .allocate(capacity: 1)
        state.initialize(to: shoal_edit_line(prompt: nil, interrupted: 0))
        shoal_history_size(history, Self.remembered)
        shoal_edit_prepare(editor, state, history)
        if let historyFile { _ = shoal_history_load(history, historyFile) }
    }

    deinit {
        el_end(editor)
        history_end(history)
        free(state.pointee.prompt)
        state.deallocate()
    }

    /// Waits for a line.
    package func line(prompt: String) -> Input {
        free(state.pointee.prompt)
        state.pointee.prompt = strdup(prompt)
        state.pointee.interrupted = 0
        el_resize(editor)
        // As long as a line is edited Ctrl-C is a key.
        var mode = termios()
        let isKnown = tcgetattr(STDIN_FILENO, &mode) == 0
        if isKnown {
            var editing = mode
            withUnsafeMutableBytes(of: &editing.c_cc) { $0[Int(VINTR)] = shoal_edit_no_key() }
            tcsetattr(STDIN_FILENO, TCSANOW, &editing)
        }
        defer { if isKnown { tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) } }
        var count: Int32 = 0
        let text = el_gets(editor, &count)
        if state.pointee.interrupted != 0 {
            // What was left stays on the terminal, and the next line begins below it.
            shoal_edit_begin_line()
            return .interrupted
        }
        guard let text, count > 0 else { return .end }
        var line = String(cString: text)
        if line.hasSuffix("\n") { line.removeLast() }
        return .line(line)
    }

    /// Adds a line to the history, and to its file.
    package func remember(_ line: String) {
        guard !line.allSatisfy(\.isWhitespace) else { return }
        shoal_history_add(history, line)
        guard let historyFile else { return }
        // Made before it is written, so that nobody else can ever read it.
        let descriptor = open(historyFile, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        fchmod(descriptor, 0o600)
        close(descriptor)
        _ = shoal_history_save(history, historyFile)
    }
}
