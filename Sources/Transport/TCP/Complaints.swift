import Logging
import NIOCore
import Synchronization

/// Logs why connections were not taken: one line a second at most, so that a flood of them fills no disk. Safe from any thread.
final class Complaints: Sendable {
    private struct State {
        var next = NIODeadline.now()
        /// Those since the last line that none tells of.
        var untold = 0
    }

    private let logger: Logger
    private let state = Mutex(State())

    init(_ logger: Logger) { self.logger = logger }

    func note(_ reason: String) {
        let untold = state.withLock { state -> Int? in
            let now = NIODeadline.now()
            guard now >= state.next else {
                state.untold += 1
                return nil
            }
            state.next = now + .seconds(1)
            defer { state.untold = 0 }
            return state.untold
        }
        guard let untold else { return }
        let others = untold == 0 ? "" : " (and \(untold) \(untold == 1 ? "other" : "others") before it)"
        logger.notice("connection not taken: \(reason)\(others)")
    }
}
