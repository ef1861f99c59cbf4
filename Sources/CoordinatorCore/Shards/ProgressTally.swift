import Synchronization

/// Adds up progress from several tasks and reports the sum. Safe from any thread.
final class ProgressTally: Sendable {
    private let done: Mutex<Int>
    private let report: @Sendable (Int) -> Void

    init(done: Int, report: @escaping @Sendable (Int) -> Void) {
        self.done = Mutex(done)
        self.report = report
    }

    func add(_ amount: Int) {
        report(
            done.withLock {
                $0 += amount
                return $0
            })
    }
}
