import NIOCore
import Wire

/// Lending the reading of a link to the thread that works on what comes. All of it runs on the channel's event loop.
extension LinkChannelHandler {
    /// Lends it where a lone step has just been delivered, and nothing behind it, not even a ping that the next frame answers.
    func lend(_ context: ChannelHandlerContext) {
        guard wasLoneStep, lent == nil, tls == nil, buffer == nil, nonceOfNext == nil, isReading, outcome == nil,
            !hasEnded,
            let link, !link.isClosed, let handler, let reader = handler.reader,
            let socket = DirectSocket(of: context.channel)
        else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let reading = LentReading(socket: socket, link: link, handler: handler, limits: options.limits) { bytes in
            bound.eventLoop.execute {
                let (handler, context) = bound.value
                handler.tookBack(bytes, context)
            }
        }
        if reader.borrow(reading) { lent = reading }
    }

    /// Goes on where the borrower has stopped.
    private func tookBack(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        lent = nil
        heartbeat?.heard(now: Self.now())
        let later = buffer
        buffer = bytes.readableBytes > 0 ? bytes : nil
        if let later { append(later) }
        guard context.channel.isActive else { return channelInactive(context: context) }
        // Nothing came for a while, or the thread has other things to do: another step is to come first.
        if buffer == nil { wasLoneStep = false }
        decode(context, atEnd: false)
        if isReading { context.read() }
    }
}
