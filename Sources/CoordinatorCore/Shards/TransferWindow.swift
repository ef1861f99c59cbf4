import Synchronization

/// Bounds what is on its way to one device: a piece is sent for each permit, which comes back with its acknowledgement.
///
/// Safe from any thread. Permits go to who waits longest.
final class TransferWindow: Sendable {
    private let state: Mutex<State>

    private struct State {
        var free: Int
        var lastWaiter = 0
        var waiting: [(number: Int, waiter: CheckedContinuation<Bool, Never>)] = []
        /// Those that were given up before they waited.
        var cancelled: Set<Int> = []
    }

    init(permits: Int) { state = Mutex(State(free: permits)) }

    /// Takes a permit, waiting for one.
    ///
    /// - Returns: whether there is one; not where the task was cancelled.
    func take() async -> Bool {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let now = state.withLock { state -> Bool? in
                    if state.cancelled.remove(number) != nil { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append((number, waiter))
                    return nil
                }
                if let now { waiter.resume(returning: now) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                    state.cancelled.insert(number)
                    return nil
                }
                return state.waiting.remove(at: index).waiter
            }
            waiter?.resume(returning: false)
        }
    }

    /// Gives permits back.
    func give(_ count: Int) {
        for _ in 0..<count {
            let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard !state.waiting.isEmpty else {
                    state.free += 1
                    return nil
                }
                return state.waiting.removeFirst().waiter
            }
            waiter?.resume(returning: true)
        }
    }
}
