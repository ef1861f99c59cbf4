import Dispatch
import Foundation
import Terminal
import Wire

/// What a chat reads from and writes to: an edited line where a person types, else plain lines.
final class ChatTerminal: Sendable {
    /// Whether a person types at a terminal, and reads there.
    let isInteractive: Bool
    /// Lines are waited for here: neither tasks nor event loops wait with them. The editor is used nowhere else.
    private let queue = DispatchQueue(label: "shoal.chat")
    private let editor: Editor?

    /// Used on the queue alone.
    private struct Editor: @unchecked Sendable {
        let lines: LineEditor
    }

    /// - Parameter historyFile: where typed lines are remembered; nil is nowhere.
    init(historyFile: String?) {
        let isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        editor = isTerminal ? LineEditor(historyFile: historyFile).map(Editor.init) : nil
        isInteractive = editor != nil
    }

    /// Waits for a line.
    func line(prompt: String) async -> LineEditor.Input {
        await withCheckedContinuation { continuation in
            queue.async { [editor] in
                if let editor { return continuation.resume(returning: editor.lines.line(prompt: prompt)) }
                if isatty(STDIN_FILENO) == 1 { Console.write(prompt) }
                continuation.resume(returning: readLine().map { .line($0) } ?? .end)
            }
        }
    }

    func remember(_ line: String) {
        queue.async { [editor] in editor?.lines.remember(line) }
    }

    /// An answer that comes in pieces; on a terminal it is broken between words.
}

/// Where chats remember what was typed.
enum ChatHistory {
    /// `$XDG_STATE_HOME/shoal/chat_history`, or `~/.local/state/shoal/chat_history` (XDG Base Directory Specification); nil where there can
    /// be none. Its folder is made.
    static func file() -> String? {
        let value = ProcessInfo.processInfo.environment["XDG_STATE_HOME"] ?? ""
        let folder = (value.hasPrefix("/") ? value : "\(NSHomeDirectory())/.local/state") + "/shoal"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            return nil
        }
        return "\(folder)/chat_history"
    }
}
