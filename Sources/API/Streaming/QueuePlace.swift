import CoordinatorCore
import Synchronization

/// Where a request stands in the queue, to be told again while it waits. Safe from any thread.
final class QueuePlace: Sendable {
    private enum State {
        /// Nothing is known yet.
        case unknown
        case waiting(before: Int)
        /// It has begun.
        case over
    }

    private let state = Mutex(State.unknown)

    func note(_ event: GenerationEvent) {
        state.withLock { state in
            if case .queued(let before) = event { state = .waiting(before: before) } else { state = .over }
        }
    }

    /// Waits a second; how many go before it then, nil once nothing is to be told any more.
    func nextReminder() async -> Int? {
        while true {
            do {
                try await Task.sleep(for: .seconds(1))
            } catch {
                return nil
            }
            switch state.withLock({ $0 }) {
            case .unknown: continue
            case .waiting(let before): return before
            case .over: return nil
            }
        }
    }
}
