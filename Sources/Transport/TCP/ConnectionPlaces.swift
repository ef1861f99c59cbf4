import NIOCore
import Synchronization

/// How many connections a listener has at a time. Safe from any thread.
final class ConnectionPlaces: Sendable {
    private let most: Int
    private let taken = Mutex(0)

    init(_ most: Int) { self.most = most }

    /// Takes a place until a channel has closed; false when there is none.
    func take(until closing: EventLoopFuture<Void>) -> Bool {
        let isTaken = taken.withLock { taken in
            guard taken < most else { return false }
            taken += 1
            return true
        }
        if isTaken { closing.whenComplete { _ in self.taken.withLock { $0 -= 1 } } }
        return isTaken
    }
}
