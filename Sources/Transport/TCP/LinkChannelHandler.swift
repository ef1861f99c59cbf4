import NIOCore
import Wire

/// The only handler of a link's channel: bytes to frames, the connection's state machine, heartbeats.
///
/// It carries out what `ConnectionStateMachine` and `Heartbeat` decide. All of it runs on the channel's event loop.
final class LinkChannelHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What differs between the sides.
    struct Owner: Sendable {
        /// The hello that was sent; nil on the accepting side.
        var hello: Hello?
        /// How errors name the peer.
        var address: String
        /// Who is welcome; on the accepting side.
        var welcome: @Sendable (Hello) -> Result<Welcome, Refusal>
        /// Makes the handler of a link that is about to open.
        var makeHandler: @Sendable (PeerIdentity) -> any LinkHandler
        /// The link is open.
        var opened: @Sendable (TCPLink) -> Void
        /// The link closed before it was open.
        var failed: @Sendable (TransportError) -> Void
    }

    private let owner: Owner
    private let options: LinkOptions
    private let handshakeTimeout: TimeAmount
    private var machine: ConnectionStateMachine
    private var decoder = FrameDecoder(limits: .handshake)
    private var buffer: ByteBuffer?
    private var hello: Hello?
    private var heartbeat: Heartbeat?
    private var timer: Scheduled<Void>?
    private var nextNonce: UInt64 = 0
    private var link: TCPLink?
    private var handler: (any LinkHandler)?
    private var outcome: TransportError?
    private var hasEnded = false
    private var isReading = true

    init(owner: Owner, options: LinkOptions, handshakeTimeout: TimeAmount) {
        self.owner = owner
        self.options = options
        self.handshakeTimeout = handshakeTimeout
        if let hello = owner.hello { machine = .dialing(hello) } else { machine = .accepting() }
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) {
        // Dialing: the handler is added once the channel has won the race of addresses. It may be closed again by then.
        if context.channel.isActive { start(context) } else if owner.hello != nil { end(context) }
    }

    func channelActive(context: ChannelHandlerContext) { start(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heartbeat?.heard(now: Self.now())
        // Closing: read on, so that the peer can take what was sent before, and drop it.
        guard outcome == nil, link?.isClosed != true else { return }
        var incoming = Self.unwrapInboundIn(data)
        if buffer == nil { buffer = incoming } else { buffer?.writeBuffer(&incoming) }
        decode(context, atEnd: false)
    }

    func channelInactive(context: ChannelHandlerContext) {
        decode(context, atEnd: true)
        end(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        outcome = outcome ?? TransportError(.connectionLost, "\(owner.address): the connection broke: \(error)")
        context.close(promise: nil)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        heartbeat?.sent(now: Self.now())
        context.write(data, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let reading = event as? Reading else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        promise?.succeed()
        guard reading.isOn != isReading, !hasEnded else { return }
        isReading = reading.isOn
        // A failure means that the channel is closed.
        try? context.channel.syncOptions?.setOption(.autoRead, value: isReading)
        guard isReading else { return }
        heartbeat?.heard(now: Self.now())
        decode(context, atEnd: false)
    }

    // MARK: Doing what the state machine says

    private func start(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: handshakeTimeout) {
            let (handler, context) = bound.value
            handler.run(handler.machine.handshakeDeadlinePassed(), context)
        }
        run(machine.connected(), context)
    }

    private func decode(_ context: ChannelHandlerContext, atEnd: Bool) {
        while !hasEnded, outcome == nil, link?.isClosed != true, isReading || atEnd {
            guard var bytes = buffer else { return }
            buffer = nil
            let result: Result<Frame?, any Error> = Result {
                atEnd ? try decoder.decodeLast(buffer: &bytes, seenEOF: true) : try decoder.decode(buffer: &bytes)
            }
            if bytes.readableBytes > 0 {
                // What is left of one read; frames that were taken out share the old storage.
                if case .success(.some) = result { bytes.discardReadBytes() }
                buffer = bytes
            }
            switch result {
            case .success(nil): return
            case .success(let frame?): run(machine.received(frame), context)
            case .failure(let error as WireError): run(machine.received(error), context)
            case .failure(let error): preconditionFailure("the frame decoder threw \(error)")
            }
        }
    }

    private func run(_ action: ConnectionStateMachine.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .none: break
        case .send(let message): send(message, context)
        case .decide(let hello):
            self.hello = hello
            run(machine.decided(owner.welcome(hello)), context)
        case .open(let version, let welcome, let message):
            if let message { send(message, context) }
            open(version: version, welcome, context)
        case .deliver(let frame): deliver(frame, context)
        case .close(let error, let message):
            if let error { outcome = outcome ?? TransportError(error, peer: owner.address) }
            guard let message else { return context.close(promise: nil) }
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            send(message, context).whenComplete { _ in bound.value.close(promise: nil) }
        }
    }

    private func open(version: UInt32, _ welcome: Welcome, _ context: ChannelHandlerContext) {
        timer?.cancel()
        decoder.limits = options.limits
        let peer: PeerIdentity
        if let ours = owner.hello {
            peer = PeerIdentity(welcome, hello: ours, address: owner.address)
        } else if let theirs = hello {
            peer = PeerIdentity(theirs, version: version, address: owner.address)
        } else {
            preconditionFailure("a link opened without a hello")
        }
        let link = TCPLink(peer: peer, channel: context.channel, options: options)
        let handler = owner.makeHandler(peer)
        self.link = link
        self.handler = handler
        heartbeat = Heartbeat(
            pingAfterNanoseconds: options.pingAfter.nanoseconds,
            giveUpAfterNanoseconds: options.giveUpAfter.nanoseconds, now: Self.now())
        beat(context)
        handler.opened(link)
        owner.opened(link)
    }

    private func deliver(_ frame: Frame, _ context: ChannelHandlerContext) {
        guard let link, let handler else { return }
        if case .control(let message) = frame {
            switch message.body {
            case .ping(let ping):
                // When much waits to be written, that is sign of life enough, and pongs must not pile up.
                if context.channel.isWritable { send(ControlMessage(body: .pong(Pong(nonce: ping.nonce))), context) }
                return
            case .pong:
                return
            case .goodbye(let goodbye):
                let reason = goodbye.reason.isEmpty ? "" : ": \(goodbye.reason)"
                outcome = TransportError(.closedByPeer, "\(owner.address): the peer closed the link\(reason)")
                context.close(promise: nil)
                return
            default: break
            }
        }
        handler.received(frame, on: link)
    }

    private func end(_ context: ChannelHandlerContext) {
        guard !hasEnded else { return }
        hasEnded = true
        timer?.cancel()
        let wasClosedHere = link?.isClosed == true
        if case .close(let error?, _) = machine.disconnected() {
            outcome = outcome ?? TransportError(error, peer: owner.address)
        }
        link?.channelClosed()
        if let link, let handler {
            let lost = TransportError(
                .connectionLost,
                "\(owner.address): the connection ended without a goodbye; the peer died or the network failed")
            let error = wasClosedHere ? link.failure : outcome ?? lost
            handler.closed(link, error: error)
        } else {
            owner.failed(outcome ?? TransportError(.closedDuringHandshake, peer: owner.address))
        }
        link = nil
        handler = nil
        buffer = nil
    }

    // MARK: Heartbeats

    private func beat(_ context: ChannelHandlerContext) {
        // Who does not read hears nothing.
        if !isReading { heartbeat?.heard(now: Self.now()) }
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
            send(ControlMessage(body: .ping(Ping(nonce: nextNonce))), context)
            self.heartbeat?.sent(now: Self.now())
            beat(context)
        case .giveUp(let silence):
            outcome =
                outcome
                ?? TransportError(
                    .silent,
                    "\(owner.address): nothing was heard for \(silence / 1_000_000) ms; the device or the network is down"
                )
            context.close(promise: nil)
        }
    }

    @discardableResult
    private func send(_ message: ControlMessage, _ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
        let promise = context.eventLoop.makePromise(of: Void.self)
        do {
            let encoded = try FrameEncoder.encode(.control(message), allocator: context.channel.allocator)
            heartbeat?.sent(now: Self.now())
            context.writeAndFlush(Self.wrapOutboundOut(encoded.head), promise: promise)
        } catch {
            promise.fail(error)
        }
        return promise.futureResult
    }

    private static func now() -> Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }
}

/// Whether frames are taken; from a link to the handler of its channel.
struct Reading: Sendable {
    var isOn: Bool
}
