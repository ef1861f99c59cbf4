import Synchronization

/// What results take that have not left, of all stages of a worker. Safe from any thread.
final class ResultMemory: Sendable {
    private let waiting = Mutex(0)

    /// Bytes of results that wait to leave.
    var bytes: Int { waiting.withLock { $0 } }

    func add(_ bytes: Int) { waiting.withLock { $0 += bytes } }

    func remove(_ bytes: Int) {
        waiting.withLock { waiting in
            waiting -= bytes
            precondition(waiting >= 0, "\(waiting) bytes of results wait")
        }
    }
}
