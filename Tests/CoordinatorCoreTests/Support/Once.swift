import Synchronization

/// Runs something the first time only. Safe from any thread.
final class Once: Sendable {
    private let isDone = Mutex(false)

    func run(_ work: () -> Void) {
        let isFirst = isDone.withLock { isDone in
            defer { isDone = true }
            return !isDone
        }
        if isFirst { work() }
    }
}
