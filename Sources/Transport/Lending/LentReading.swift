import NIOCore
import Synchronization
import Wire

/// The reading of a link, lent to a thread by the link's event loop.
///
/// Whoever has it waits for bytes and lets the link's handler have the steps among them. It takes nothing but whole steps of one row: with
/// whatever else comes it is given back, and the event loop goes on at that very byte. The event loop can have it back at any time: at once
/// while the thread is away computing. What is not said to be otherwise is for the borrowing thread only.
package final class LentReading: Sendable {
    /// What a wait has ended with.
    package enum Arrival {
        case bytes, interruption, nothing
    }

    /// Where the thread is, and whether the reading is still its.
    private struct Use {
        var isAtSocket = false
        var leftSocket = ContinuousClock.now
        var isWantedBack = false
        var isOver = false
    }

    private let socket: DirectSocket
    private let link: TCPLink
    private let handler: any LinkHandler
    private let taken: @Sendable (ByteBuffer) -> Void
    private let use = Mutex(Use())
    /// Of the thread while it is at the socket; then of who ends the use.
    private nonisolated(unsafe) var decoder: FrameDecoder
    private nonisolated(unsafe) var bytes = ByteBuffer()
    /// How long the rest of a frame may take: a step's row is a few packets.
    private static let patienceMilliseconds: CInt = 20
    private static let bytesPerRead = 64 << 10

    /// - Parameter taken: called once, on any thread, with what was read and not delivered, when it is no longer lent.
    init(
        socket: consuming DirectSocket, link: TCPLink, handler: any LinkHandler, limits: FrameLimits,
        taken: @escaping @Sendable (ByteBuffer) -> Void
    ) {
        self.socket = socket
        self.link = link
        self.handler = handler
        self.taken = taken
        decoder = FrameDecoder(limits: limits)
    }

    /// Takes it back: now where the thread is away, else as soon as that has heard of it. On the event loop.
    ///
    /// - Parameter absence: how long the thread must have been away at least; one that is at the socket is left there then.
    func takeBack(afterAbsenceOf absence: Duration? = nil) {
        let (isOver, isAtSocket) = use.withLock { use in
            if use.isOver { return (false, false) }
            if let absence, use.isAtSocket || .now - use.leftSocket < absence { return (false, false) }
            use.isOver = !use.isAtSocket
            use.isWantedBack = true
            return (use.isOver, use.isAtSocket)
        }
        if isOver { taken(bytes) }
        if isAtSocket { handler.reader?.returnReading() }
    }

    /// Waits until something comes, the pipe rings, or the time is over. Ends at once where the event loop wants the reading back.
    package func wait(or pipe: WakePipe, milliseconds: CInt) -> Arrival {
        guard goToSocket() else { return .interruption }
        defer { leaveSocket() }
        return socket.wait(or: pipe.readEnd, milliseconds: milliseconds)
    }

    private func goToSocket() -> Bool {
        use.withLock { use in
            use.isAtSocket = !use.isOver && !use.isWantedBack
            return use.isAtSocket
        }
    }

    private func leaveSocket() {
        use.withLock { use in
            use.isAtSocket = false
            use.leftSocket = .now
        }
    }

    /// Reads what has come, and lets the link's handler have it if it is a step of one row.
    ///
    /// - Returns: whether it was; if not, give it back.
    package func deliver() -> Bool {
        guard goToSocket() else { return false }
        defer { leaveSocket() }
        while true {
            let begin = bytes
            switch Result(catching: { try decoder.decode(buffer: &bytes) }) {
            case .success(.step(let step)?) where step.isLone:
                handler.received(.step(step), on: link)
                return bytes.readableBytes == 0
            case .success(nil):
                break
            default:
                // The event loop decodes it again, and does what is to be done.
                bytes = begin
                return false
            }
            guard read() else { return false }
        }
    }

    /// Reads more of a frame.
    private func read() -> Bool {
        bytes.discardReadBytes()
        if bytes.readableBytes > 0, socket.wait(or: nil, milliseconds: Self.patienceMilliseconds) != .bytes {
            return false
        }
        let count = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.bytesPerRead) { self.socket.read($0) }
        return count > 0
    }

    /// Lets the event loop read again.
    package func giveBack() {
        let isOver = use.withLock { use in
            defer { use.isOver = true }
            return !use.isOver
        }
        if isOver { taken(bytes) }
    }
}
