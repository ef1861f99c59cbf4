import Synchronization

/// Counts the bytes of steps that wait in a worker, of all its links together. Safe from any thread.
final class StepMemory: Sendable {
    /// More than that, and each link takes one step at a time: so much for the frames of a few long prompts.
    static let most = 64 << 20

    private let waiting = Mutex(0)

    /// - Returns: whether steps are crowded now.
    func add(_ bytes: Int) -> Bool {
        waiting.withLock { waiting in
            waiting += bytes
            return waiting > Self.most
        }
    }

    func remove(_ bytes: Int) { waiting.withLock { $0 -= bytes } }
}
