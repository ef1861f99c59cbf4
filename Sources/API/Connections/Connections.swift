import NIOCore
import Synchronization

/// The connections of one server. Safe from any thread.
final class Connections: Sendable {
    let limits: ConnectionLimits
    private let state: Mutex<State>

    private struct State {
        var table: ConnectionTable
        var next = 0
        var closing: [Int: @Sendable () -> Void] = [:]
    }

    init(limits: ConnectionLimits) {
        self.limits = limits
        state = Mutex(State(table: ConnectionTable(limits: limits)))
    }

    /// A connection has come; another one may be closed for it.
    ///
    /// - Parameter close: closes it, at once and from any thread.
    /// - Returns: its number; `nil` when it cannot stay.
    func arrive(from address: ClientAddress, close: @escaping @Sendable () -> Void) -> Int? {
        let (id, closeOther) = state.withLock { state -> (Int?, (@Sendable () -> Void)?) in
            let id = state.next
            state.next += 1
            let (stays, other) = state.table.arrive(id, from: address, now: .now())
            guard stays else { return (nil, nil) }
            state.closing[id] = close
            return (id, other.flatMap { state.closing.removeValue(forKey: $0) })
        }
        closeOther?()
        return id
    }

    /// A connection has a whole request now, or has none any more.
    func note(_ id: Int, isAnswering: Bool) {
        state.withLock { $0.table.note(id, isAnswering: isAnswering, now: .now()) }
    }

    /// A connection is closed.
    func leave(_ id: Int) {
        state.withLock { state in
            state.table.leave(id)
            state.closing[id] = nil
        }
    }
}
