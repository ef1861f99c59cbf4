import Dispatch
import Synchronization
import Transport

/// A thread that borrows whatever it is offered, and reads until it is to give it back or nothing comes for a while.
final class ReaderThread: LinkReader {
    private let queue = DispatchQueue(label: "reader")
    private let pipe = WakePipe()
    private let patienceMilliseconds: Int32
    private let state = Mutex(State())
    private static let key = DispatchSpecificKey<Void>()

    private struct State {
        var borrowed = 0
        var delivered = 0
        var givenBack = 0
    }

    init(patienceMilliseconds: Int32 = 100) {
        self.patienceMilliseconds = patienceMilliseconds
        queue.setSpecific(key: Self.key, value: ())
    }

    /// How often it had a link's reading, how many steps it has read, and how often it has given a reading back.
    var counts: (borrowed: Int, delivered: Int, givenBack: Int) {
        state.withLock { ($0.borrowed, $0.delivered, $0.givenBack) }
    }

    /// Whether this is such a thread.
    static var isCurrent: Bool { DispatchQueue.getSpecific(key: key) != nil }

    func borrow(_ reading: LentReading) -> Bool {
        guard let pipe else { return false }
        state.withLock { $0.borrowed += 1 }
        queue.async { [self] in
            while reading.wait(or: pipe, milliseconds: patienceMilliseconds) == .bytes, reading.deliver() {
                state.withLock { $0.delivered += 1 }
            }
            pipe.silence()
            state.withLock { $0.givenBack += 1 }
            reading.giveBack()
        }
        return true
    }

    func returnReading() { pipe?.ring() }
}
