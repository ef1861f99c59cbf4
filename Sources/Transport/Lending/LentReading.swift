import NIOCore
import Synchronization
import Wire

/// The reading of a link, lent to a thread by the link's event loop.
///
/// Whoever has it waits for bytes and lets the link's handler have the steps among them. It takes nothing but whole steps of one row: with
/// whatever else comes it is given back, and the event loop goes on at that very byte. Of the borrowing thread only, but for `isWantedBack`.
package final class LentReading: Sendable {
    /// What a wait has ended with.
    package enum Arrival {
        case bytes, interruption, nothing
    }

    private let socket: DirectSocket
    private let link: TCPLink
    private let handler: any LinkHandler
    private let taken: @Sendable (ByteBuffer) -> Void
    private let wantedBack = Atomic(false)
    private nonisolated(unsafe) var decoder: FrameDecoder
    private nonisolated(unsafe) var bytes = ByteBuffer()
    private nonisolated(unsafe) var isGivenBack = false
    /// How long the rest of a frame may take: a step's row is a few packets.
    private static let patienceMilliseconds: CInt = 20
    private static let bytesPerRead = 64 << 10

    /// - Parameter taken: called once, with what was read and not delivered, when it is given back.
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

    /// Whether the event loop waits for it. Safe from any thread.
    package var isWantedBack: Bool { wantedBack.load(ordering: .acquiring) }

    /// Asks for it.
    func wantBack() {
        wantedBack.store(true, ordering: .releasing)
        handler.reader?.returnReading()
    }

    /// Waits until something comes, the pipe rings, or the time is over.
    package func wait(or pipe: WakePipe, milliseconds: CInt) -> Arrival {
        socket.wait(or: pipe.readEnd, milliseconds: milliseconds)
    }

    /// Reads what has come, and lets the link's handler have it if it is a step of one row.
    ///
    /// - Returns: whether it was; if not, give it back.
    package func deliver() -> Bool {
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
        guard !isGivenBack else { return }
        isGivenBack = true
        taken(bytes)
    }
}

extension StepFrame {
    /// Whether it is a step as one sequence alone makes when it decodes.
    var isLone: Bool { rowCount == 1 }
}
