import Foundation
import Synchronization
import Terminal

/// A terminal's whole window, taken for as long as a command draws on it, and given back as it was.
///
/// Keys and signals come on a thread of its own, so that nothing that the command waits for can hold them. Safe from any thread; there is
/// one in a process.
final class FullScreen: Sendable {
    enum Event: Sendable {
        case key(UInt8)
        /// The window has another size, or has to be drawn anew.
        case resized
        /// The command is to end; with the signal that says so, `nil` where the terminal is gone.
        case ended(Int32?)
    }

    /// What happens, from the beginning on.
    let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    private let state: Mutex<State>

    private struct State {
        /// How the terminal was.
        var before: termios
        var isTaken = false
    }

    /// - Throws: `CommandError` where standard input and output are no terminal.
    init() throws {
        var before = termios()
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw CommandError(
                "this draws on a terminal, and there is none; for programs and files: shoal status --json")
        }
        state = Mutex(State(before: before))
        (events, continuation) = AsyncStream.makeStream(of: Event.self)
        take()
        watch()
    }

    /// The window's size as it is now.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Draws the window's lines over what is there, in one write: nothing is cleared before, so nothing flickers.
    func draw(_ lines: [String]) {
        guard state.withLock({ $0.isTaken }) else { return }
        // Synchronized where the terminal knows that; others skip it.
        Console.writeUnescaped("\u{1b}[?2026h\u{1b}[H" + lines.joined(separator: "\r\n") + "\u{1b}[?2026l")
    }

    /// Gives the terminal back.
    func close() {
        giveBack()
        continuation.finish()
    }

    private func take() {
        state.withLock { state in
            guard !state.isTaken else { return }
            state.isTaken = true
            var raw = state.before
            raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)
            Console.writeUnescaped("\u{1b}[?1049h\u{1b}[?7l\u{1b}[?25l\u{1b}[2J")
        }
    }

    private func giveBack() {
        state.withLock { state in
            guard state.isTaken else { return }
            state.isTaken = false
            Console.writeUnescaped("\u{1b}[0m\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l")
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &state.before)
        }
    }

    /// Reads keys and signals until the end.
    private func watch() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe can be made: error \(errno)")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A signal's handler must never wait.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        signalled = ends[1]
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT] {
            signal(number) { number in
                let before = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalled, &byte, 1)
                errno = before
            }
        }
        let signals = ends[0]
        let thread = Thread { [self] in
            while listen(signals) {}
        }
        thread.name = "shoal.screen"
        thread.start()
    }

    /// - Returns: whether there is more to come.
    private func listen(_ signals: Int32) -> Bool {
        var waiting = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&waiting, 2, -1) >= 0 || errno == EINTR else { return false }
        var byte: UInt8 = 0
        if waiting[0].revents != 0, read(signals, &byte, 1) == 1 { return take(signal: Int32(byte)) }
        guard waiting[1].revents != 0 else { return true }
        guard read(STDIN_FILENO, &byte, 1) == 1 else {
            if errno == EINTR { return true }
            continuation.yield(.ended(nil))
            return false
        }
        continuation.yield(.key(byte))
        return true
    }

    private func take(signal number: Int32) -> Bool {
        switch number {
        case SIGWINCH: continuation.yield(.resized)
        case SIGTSTP:
            giveBack()
            // Whoever goes on here sends SIGCONT.
            kill(getpid(), SIGSTOP)
            take()
            continuation.yield(.resized)
        case SIGCONT:
            take()
            continuation.yield(.resized)
        default:
            continuation.yield(.ended(number))
            return false
        }
        return true
    }
}

/// The writing end of the pipe to the thread. Initialized without code, so that a signal's handler may read it.
private nonisolated(unsafe) var signalled: Int32 = -1
