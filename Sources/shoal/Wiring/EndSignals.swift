import Foundation

/// Ends the program on SIGTERM and SIGINT: in order at the first one, at once at the second, and by force when the order takes too long. All
/// of it from a thread of its own, which nothing else can occupy: neither tasks, nor event loops, nor what computes.
enum EndSignals {
    /// The exit status of a program that did not end in order.
    static let forced: Int32 = 1

    /// From the return of this call on, the signals are taken here, also where a shell that started the program in the background had
    /// SIGINT ignored. To be called once.
    ///
    /// - Parameters:
    ///   - limit: How long ending in order may take.
    ///   - first: Begins it. Is called on this thread, and must not wait.
    static func watch(limit: Duration, first: @escaping @Sendable () -> Void) {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe can be made: error \(errno)")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A signal's handler must never wait.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        signalled = ends[1]
        let reading = ends[0]
        let thread = Thread {
            waitForSignal(reading, until: nil)
            first()
            let isAgain = waitForSignal(reading, until: .now + limit)
            say(
                isAgain
                    ? "told to end again: ending without waiting for anything"
                    : "did not end within \(Int(limit / .seconds(1))) s of being told to: ending without waiting for what holds it"
            )
            _exit(forced)
        }
        thread.name = "shoal.end"
        thread.start()
        for number in [SIGTERM, SIGINT] {
            // Nothing is safe here but to write it down.
            signal(number) { _ in
                let before = errno
                var byte: UInt8 = 0
                _ = write(signalled, &byte, 1)
                errno = before
            }
        }
    }

    /// - Returns: whether there was one, rather than that the time is over.
    @discardableResult
    private static func waitForSignal(_ reading: Int32, until end: ContinuousClock.Instant?) -> Bool {
        while true {
            let left = end.map { max(0, Int32(clamping: Int(($0 - .now) / .milliseconds(1)) + 1)) }
            var waiting = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            if poll(&waiting, 1, left ?? -1) > 0 {
                var byte: UInt8 = 0
                if read(reading, &byte, 1) == 1 { return true }
            }
            if let end, .now >= end { return false }
        }
    }

    /// Writes past whatever may hold the lock of a stream.
    private static func say(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// The writing end of the pipe to the thread. Initialized without code, so that a signal's handler may read it.
private nonisolated(unsafe) var signalled: Int32 = -1
