import Synchronization

/// How long a job may go on: until its time is over, or nobody wants its result. Safe from any thread.
package final class WorkTime: Sendable {
    private let end: ContinuousClock.Instant
    private let isCancelled = Atomic(false)

    package init(until end: ContinuousClock.Instant) { self.end = end }

    /// Without an end.
    package static var unlimited: WorkTime { WorkTime(until: .now + .seconds(1 << 32)) }

    /// Whether to go on; to be asked now and then.
    package var goesOn: Bool { !isCancelled.load(ordering: .relaxed) && ContinuousClock.now < end }

    package func cancel() { isCancelled.store(true, ordering: .relaxed) }
}
