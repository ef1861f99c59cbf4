import NIOCore
import Wire

/// When frames are taken, and how much of what is unfinished is kept. All of it runs on the channel's event loop.
extension LinkChannelHandler {
    func changeReading(_ context: ChannelHandlerContext, _ change: () -> Void) {
        let before = isReading
        change()
        guard isReading != before, !hasEnded else { return }
        // A failure means that the channel is closed.
        try? context.channel.syncOptions?.setOption(.autoRead, value: isReading)
        guard isReading, lent == nil else { return }
        heartbeat?.heard(now: Self.now())
        decode(context, atEnd: false)
        countBuffer(context)
    }

    /// Reads no more from a peer that asks and does not take the answers.
    ///
    /// - Returns: whether so many wait.
    func holdUp(_ context: ChannelHandlerContext) -> Bool {
        guard owner.hello == nil, let link, link.mustDrain(above: link.peer.role.pauseBytes) else { return false }
        changeReading(context) { isHeldUp = true }
        return true
    }

    /// Counts what has come of a frame that is not whole yet, and gives the link up where all of them are too much.
    func countBuffer(_ context: ChannelHandlerContext) {
        guard let incoming = options.incoming else { return }
        let bytes = hasEnded ? 0 : buffer?.readableBytes ?? 0
        let counted = bytes > IncomingMemory.free ? bytes : 0
        if incoming.change(from: held, to: counted) {
            held = counted
        } else if outcome == nil {
            outcome = TransportError(
                .congested,
                "\(owner.address): unfinished frames of all links take more than \(incoming.limit) bytes; send smaller ones"
            )
            closeNow(context)
        }
    }
}

/// So much was sent of what waited that reading may go on; from a link to the handler of its channel.
struct Drained: Sendable {}

/// Whether frames are taken; from a link to the handler of its channel.
struct Reading: Sendable {
    var isOn: Bool
}
