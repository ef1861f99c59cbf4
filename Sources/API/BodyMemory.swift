import Synchronization

/// The memory for large bodies of requests that are being read: bounded over all requests, however many come at a time. Small bodies always
/// have room, so that nobody can keep others from asking by sending large ones slowly; connections bound them.
///
/// Safe from any thread.
final class BodyMemory: Sendable {
    /// Bytes kept for one body, given back when nobody holds this any more.
    final class Reservation: Sendable {
        private let memory: BodyMemory
        private let count: Int

        fileprivate init(_ memory: BodyMemory, _ count: Int) {
            self.memory = memory
            self.count = count
        }

        deinit { memory.used.withLock { $0 -= count } }
    }

    /// Bytes up to which a body is small.
    private static let small = 64 << 10
    /// 64 bodies of the greatest size.
    static let standard = BodyMemory(limit: 64 << 20)

    private let limit: Int
    private let used = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// Keeps room for one body.
    ///
    /// - Returns: `nil` while so much is not free.
    func reserve(_ bytes: Int) -> Reservation? {
        let count = bytes <= Self.small ? 0 : bytes
        let fits = used.withLock { used in
            guard count == 0 || count <= limit - used else { return false }
            used += count
            return true
        }
        return fits ? Reservation(self, count) : nil
    }
}
