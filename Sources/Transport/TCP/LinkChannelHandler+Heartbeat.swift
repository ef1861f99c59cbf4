import NIOCore
import Wire

/// Carrying out what `Heartbeat` decides.
extension LinkChannelHandler {
    /// How long a thread that a link's reading is lent to may leave it unread.
    private static let longestAbsence = Duration.milliseconds(200)

    func beat(_ context: ChannelHandlerContext) {
        // Who does not read hears nothing.
        if !isReading || lent != nil { heartbeat?.heard(now: Self.now()) }
        // Nor does a peer whose pings nobody reads hear of us.
        lent?.takeBack(afterAbsenceOf: Self.longestAbsence)
        if let link { heartbeat?.sent(now: link.wroteDirectly) }
        if givesUpWriting(context) { return }
        guard let heartbeat, !hasEnded else { return }
        switch heartbeat.due(now: Self.now()) {
        case .wait(let deadline):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            timer = context.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(deadline))) {
                let (handler, context) = bound.value
                handler.beat(context)
            }
        case .ping:
            nextNonce += 1
            link?.send(.ping(Ping(nonce: nextNonce)))
            self.heartbeat?.sent(now: Self.now())
            beat(context)
        case .giveUp(let silence):
            outcome =
                outcome
                ?? TransportError(
                    .silent,
                    "\(owner.address): nothing was heard for \(silence / 1_000_000) ms; the device or the network is down"
                )
            closeNow(context)
        }
    }
    /// Closes the link where the peer takes nothing of what waits for it.
    private func givesUpWriting(_ context: ChannelHandlerContext) -> Bool {
        guard progress != nil, !hasEnded, outcome == nil,
            let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes),
            let time = progress?.stalled(given: given, waiting: waiting, now: Self.now())
        else { return false }
        outcome = TransportError(
            .congested,
            "\(owner.address): \(waiting) bytes wait to be sent, and nothing was taken for \(time / 1_000_000) ms; the peer does not read"
        )
        closeNow(context)
        return true
    }
}
