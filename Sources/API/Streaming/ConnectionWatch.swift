import NIOCore
import Synchronization

/// Notices a client that goes away while its answer is being generated, and calls back.
///
/// HTTP/1.1 answers on a connection come one after the other, so one callback at a time is enough. A client that closes only
/// its sending side has its answer; `RequestWatch` finds out whether it is there, or says that this cannot be found out. Thread-safe where
/// it says so.
final class ConnectionWatch: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = NIOAny

    /// The client closed its sending side, and speaks an HTTP in which nothing can be written to find out whether it is there.
    struct ClientIsLost: Sendable {}

    private struct State {
        var isClosed = false
        var callback: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Sets what is called when the connection closes, at once if it has; nil for nothing. Any thread.
    func onClose(_ callback: (@Sendable () -> Void)?) {
        let isClosed = state.withLock { state in
            state.callback = callback
            return state.isClosed
        }
        if isClosed { callback?() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ClientIsLost { close() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        context.fireChannelInactive()
    }

    private func close() {
        let callback = state.withLock { state in
            state.isClosed = true
            defer { state.callback = nil }
            return state.callback
        }
        callback?()
    }
}
