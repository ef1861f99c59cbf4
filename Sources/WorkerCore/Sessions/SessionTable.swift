import Dispatch
import Synchronization
import Transport

/// The sessions that a worker knows: those with a coordinator, and those that wait for theirs to come back.
///
/// Safe from any thread.
final class SessionTable: Sendable {
    private let state: Mutex<State>
    /// Frees the stages of a session that is over.
    private let ended: @Sendable (WorkerSession) -> Void

    fileprivate struct State {
        var sessions: [UInt64: WorkerSession] = [:]
        var retained: RetainedSessions
        /// When a check is due that was scheduled.
        var check: ContinuousClock.Instant?
    }

    init(retention: Duration, ended: @escaping @Sendable (WorkerSession) -> Void) {
        state = Mutex(State(retained: RetainedSessions(limit: retention)))
        self.ended = ended
    }

    subscript(id: UInt64) -> WorkerSession? { state.withLock { $0.sessions[id] } }

    /// A coordinator's link began. One that the session had before is closed: the newer wins.
    func begin(_ id: UInt64, link: any Link) {
        let old = state.withLock { state -> (any Link)? in
            state.retained.remove(id)
            if let session = state.sessions[id] { return session.replaceCoordinator(link) }
            state.sessions[id] = WorkerSession(id: id, coordinator: link)
            return nil
        }
        old?.close()
    }

    /// A coordinator's link ended.
    ///
    /// - Parameter isOver: whether on purpose; else the session waits for the next.
    /// - Returns: the session that waits now.
    func linkEnded(_ id: UInt64, link: any Link, isOver: Bool) -> WorkerSession? {
        let (session, next) = state.withLock { state -> (WorkerSession?, ContinuousClock.Instant?) in
            guard let session = state.sessions[id], session.coordinator === link else { return (nil, nil) }
            if isOver {
                state.sessions[id] = nil
            } else {
                state.retained.retain(id, at: .now)
            }
            return (session, state.nextCheck())
        }
        guard let session else { return nil }
        session.closeDownstream(isOver: isOver)
        schedule(next)
        if isOver { ended(session) }
        return isOver ? nil : session
    }

    /// Ends a session that waits for nothing.
    func forget(_ id: UInt64) {
        let session = state.withLock { $0.retained.remove(id) ? $0.sessions.removeValue(forKey: id) : nil }
        if let session { ended(session) }
    }

    /// Takes the session that has waited longest for its coordinator, other than `id`. Its stages are the caller's to free.
    func takeLongestRetained(except id: UInt64) -> WorkerSession? {
        state.withLock { state in
            state.retained.takeLongest(except: id).flatMap { state.sessions.removeValue(forKey: $0) }
        }
    }

    private func schedule(_ next: ContinuousClock.Instant?) {
        guard let next else { return }
        let (seconds, attoseconds) = max(.zero, next - .now).components
        let delay = DispatchTimeInterval.milliseconds(
            Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000) + 1)
        DispatchQueue.global().asyncAfter(deadline: .now() + delay) { [weak self] in self?.check() }
    }

    private func check() {
        let (expired, next) = state.withLock { state in
            state.check = nil
            let expired = state.retained.takeExpired(at: .now).compactMap { state.sessions.removeValue(forKey: $0) }
            return (expired, state.nextCheck())
        }
        for session in expired { ended(session) }
        schedule(next)
    }
}

extension SessionTable.State {
    /// When a check is to be scheduled, unless one is that is early enough.
    fileprivate mutating func nextCheck() -> ContinuousClock.Instant? {
        guard let next = retained.nextExpiry, check.map({ next < $0 }) ?? true else { return nil }
        check = next
        return next
    }
}
