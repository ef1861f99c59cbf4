import Synchronization

/// Counts what frames take that have come in part, on all links together: the beginning of a large one is kept until the rest comes, and who
/// opens many links can begin many. Safe from any thread.
package final class IncomingMemory: Sendable {
    /// Bytes of a link that do not count: any control message may be on its way.
    static let free = 64 << 10

    /// Bytes that there may be.
    package let limit: Int
    private let held = Mutex(0)

    package init(limit: Int) { self.limit = limit }

    /// Bytes that are held.
    package var bytes: Int { held.withLock { $0 } }

    /// Changes what one link holds.
    ///
    /// - Returns: whether there is room; if not, nothing has changed.
    func change(from old: Int, to new: Int) -> Bool {
        held.withLock { held in
            guard new <= old || new - old <= limit - held else { return false }
            held += new - old
            return true
        }
    }
}
