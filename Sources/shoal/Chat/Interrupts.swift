import Foundation
import Synchronization

/// Ctrl-C while a chat goes on: it ends what is being done instead of the program. From a thread of its own.
final class Interrupts: Sendable {
    private let action = Mutex<(@Sendable () -> Void)?>(nil)

    /// From now on SIGINT is taken here. To be made once.
    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe can be made: error \(errno)")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A signal's handler must never wait.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        interrupted = ends[1]
        let reading = ends[0]
        let thread = Thread { [self] in
            var byte: UInt8 = 0
            while true {
                let count = read(reading, &byte, 1)
                if count == 1 { action.withLock { $0 }?() } else if errno != EINTR { return }
            }
        }
        thread.name = "shoal.interrupts"
        thread.start()
        signal(SIGINT) { _ in
            let before = errno
            var byte: UInt8 = 0
            _ = write(interrupted, &byte, 1)
            errno = before
        }
    }

    /// What SIGINT does from now on; nil is nothing.
    func set(_ action: (@Sendable () -> Void)?) { self.action.withLock { $0 = action } }
}

/// The writing end of the pipe to the thread. Initialized without code, so that a signal's handler may read it.
private nonisolated(unsafe) var interrupted: Int32 = -1
