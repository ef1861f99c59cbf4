import NIOCore

/// The first handler of a connection, next to the socket: lets it in or not, and closes it when its time is over. What it closes it
/// closes at once, without the farewell of TLS, which a client might not answer.
final class ConnectionGate: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connections: Connections
    private var clock: ConnectionClock
    private var id: Int?
    private var context: ChannelHandlerContext?
    private var isAnswering = false
    private var check: Scheduled<Void>?
    private var checkAt = NIODeadline.distantFuture

    init(_ connections: Connections) {
        self.connections = connections
        clock = ConnectionClock(limits: connections.limits, now: .now())
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelActive(context: ChannelHandlerContext) {
        let bound = context.loopBound
        let eventLoop = context.eventLoop
        id = connections.arrive(from: ClientAddress(context.channel.remoteAddress)) {
            eventLoop.execute { bound.value.close(promise: nil) }
        }
        context.fireChannelActive()
        guard id != nil else { return context.close(promise: nil) }
        clock = ConnectionClock(limits: connections.limits, now: .now())
        schedule()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        clock.writable(context.channel.isWritable, now: .now())
        schedule()
        context.fireChannelWritabilityChanged()
    }

    /// Something happened on the connection that the clock is to know.
    ///
    /// - Parameter change: tells it; what it returns is whether the connection may stay.
    func note(_ change: (inout ConnectionClock, NIODeadline) -> Bool) {
        guard change(&clock, .now()) else {
            context?.close(promise: nil)
            return
        }
        if let id, clock.isAnswering != isAnswering {
            isAnswering = clock.isAnswering
            connections.note(id, isAnswering: isAnswering)
        }
        schedule()
    }

    /// Looks at the connection again when its time is over, or earlier; mostly a look that was due anyway is early enough.
    private func schedule() {
        guard let context, id != nil, let deadline = clock.deadline, deadline < checkAt else { return }
        check?.cancel()
        checkAt = deadline
        check = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            if let self { look() }
        }
    }

    private func look() {
        check = nil
        checkAt = .distantFuture
        guard let deadline = clock.deadline else { return }
        if deadline <= .now() { context?.close(promise: nil) } else { schedule() }
    }

    private func leave() {
        if let id { connections.leave(id) }
        id = nil
        check?.cancel()
        check = nil
        context = nil
    }
}
