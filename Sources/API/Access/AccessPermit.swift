import Synchronization

/// One answer's place within its key's limit: given back when the answer is over, at the latest when nobody holds the permit.
///
/// Safe from any thread.
final class AccessPermit: Sendable {
    private let giveBack: Mutex<(@Sendable () -> Void)?>

    init(giveBack: @escaping @Sendable () -> Void) { self.giveBack = Mutex(giveBack) }

    /// Gives the place back; again is nothing.
    func end() {
        let giveBack = giveBack.withLock { giveBack in
            defer { giveBack = nil }
            return giveBack
        }
        giveBack?()
    }

    deinit { end() }
}
