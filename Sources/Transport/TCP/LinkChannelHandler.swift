import Identity
import NIOCore
import NIOSSL
import NIOTLS
import Wire

/// The handler of a link's channel, the only one but for TLS before it: bytes to frames, the connection's state machine, heartbeats.
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
        var welcome: TCPTransport.Welcoming
        /// What is decided about the peer's certificate; nil for a plain link.
        var admission: PeerAdmission?
        /// Makes the handler of a link that is about to open.
        var makeHandler: @Sendable (PeerIdentity) -> any LinkHandler
        /// The link is open.
        var opened: @Sendable (TCPLink) -> Void
        /// The link closed before it was open.
        var failed: @Sendable (TransportError) -> Void
    }

    let owner: Owner
    let options: LinkOptions
    private let handshakeTimeout: TimeAmount
    var machine: ConnectionStateMachine
    private var decoder = FrameDecoder(limits: .handshake)
    var buffer: ByteBuffer?
    private var hello: Hello?
    var heartbeat: Heartbeat?
    var timer: Scheduled<Void>?
    var nextNonce: UInt64 = 0
    private(set) var link: TCPLink?
    private(set) var handler: (any LinkHandler)?
    var outcome: TransportError?
    var hasEnded = false
    /// Whether the link's owner takes frames.
    var isWanted = true
    /// Whether replies wait to be sent, so that no more is asked for.
    var isHeldUp = false
    var isReading: Bool { isWanted && !isHeldUp }
    var progress: WriteProgress?
    /// Bytes that were given to the channel to write.
    private(set) var given = 0
    /// What counts of `buffer` in `options.incoming`.
    var held = 0
    var identity: ClusterIdentity?
    /// The device that was removed whose certificate the peer showed.
    var removed: ClusterIdentity?
    /// The context of TLS; nil on a plain link.
    private(set) var tls: ChannelHandlerContext?
    /// The link's reading, where a thread has it.
    var lent: LentReading?
    /// Whether the last frame was such a step as makes lending worth it.
    var wasLoneStep = false
    /// The nonce of a ping that is answered when the next frame is there.
    private(set) var nonceOfNext: UInt64?

    init(owner: Owner, options: LinkOptions, handshakeTimeout: TimeAmount) {
        self.owner = owner
        self.options = options
        self.handshakeTimeout = handshakeTimeout
        if let hello = owner.hello { machine = .dialing(hello) } else { machine = .accepting() }
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) {
        if owner.admission != nil {
            tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLHandler.self)
            precondition(tls != nil, "a link that is to be secured has no TLS")
        }
        // Dialing: the handler is added once the channel has won the race of addresses. It may be closed again by then.
        if context.channel.isActive { start(context) } else if owner.hello != nil { end(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { tls = nil }

    func channelActive(context: ChannelHandlerContext) { start(context) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { return admit(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heartbeat?.heard(now: Self.now())
        // Closing: read on, so that the peer can take what was sent before, and drop it.
        guard outcome == nil, link?.isClosed != true else { return }
        append(Self.unwrapInboundIn(data))
        // The end of the connection is read all the same.
        if lent == nil { decode(context, atEnd: false) }
        countBuffer(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        lend(context)
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if lent == nil { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { link?.flush() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        // What came before the end may be in a thread's hands, which first gives it back.
        if let lent { return lent.takeBack() }
        link?.peerIsGone()
        decode(context, atEnd: true)
        end(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A goodbye is what ends a link; TLS's own word for it is not waited for.
        if case .uncleanShutdown? = error as? NIOSSLError { return }
        if tls != nil, link == nil {
            outcome =
                outcome
                ?? TransportError(
                    securing: error, peer: owner.address, isDialing: owner.hello != nil,
                    clockHint: owner.admission?.clockHint ?? { _ in nil })
        } else {
            outcome = outcome ?? TransportError(.connectionLost, "\(owner.address): the connection broke: \(error)")
        }
        closeNow(context)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Not through TLS, which would wait for the peer's answer.
        (tls ?? context).close(mode: mode, promise: promise)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        heartbeat?.sent(now: Self.now())
        given += Self.unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event {
        case let reading as Reading:
            promise?.succeed()
            lent?.takeBack()
            changeReading(context) {
                isWanted = reading.isOn
                // Closing: the peer's end is to be seen.
                if link?.isClosed == true { isHeldUp = false }
            }
        case is Drained:
            promise?.succeed()
            changeReading(context) { isHeldUp = false }
        default: context.triggerUserOutboundEvent(event, promise: promise)
        }
    }

    func append(_ incoming: ByteBuffer) {
        var incoming = incoming
        if buffer == nil { buffer = incoming } else { buffer?.writeBuffer(&incoming) }
    }

    // MARK: Doing what the state machine says

    private func start(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: handshakeTimeout) {
            let (handler, context) = bound.value
            handler.run(handler.machine.handshakeDeadlinePassed(), context)
        }
        // With TLS nothing is said before the peer is known.
        if tls == nil { run(machine.connected(), context) }
    }

    func closeNow(_ context: ChannelHandlerContext) { (tls ?? context).close(promise: nil) }

    func decode(_ context: ChannelHandlerContext, atEnd: Bool) {
        // Once for all frames that a read brought: what is left would be moved for each of thousands of small ones.
        defer { buffer?.discardReadBytes() }
        while !hasEnded, outcome == nil, link?.isClosed != true, isReading || atEnd {
            guard var bytes = buffer, atEnd || !holdUp(context) else { return }
            buffer = nil
            let result: Result<Frame?, any Error> = Result {
                atEnd ? try decoder.decodeLast(buffer: &bytes, seenEOF: true) : try decoder.decode(buffer: &bytes)
            }
            if bytes.readableBytes > 0 { buffer = bytes }
            switch result {
            case .success(nil): return
            case .success(let frame?): run(machine.received(frame), context)
            case .failure(let error as WireError): run(machine.received(error), context)
            case .failure(let error): preconditionFailure("the frame decoder threw \(error)")
            }
        }
    }

    func run(_ action: ConnectionStateMachine.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .none: break
        case .send(let message): send(message, context)
        case .decide(let hello):
            self.hello = hello
            run(machine.decided(decision(hello)), context)
        case .open(let version, let welcome, let message):
            let sent = message.map { send($0, context) }
            open(version: version, welcome, context, after: sent)
        case .deliver(let frame): deliver(frame, context)
        case .close(let error, let message):
            if let error { outcome = outcome ?? TransportError(error, peer: owner.address) }
            guard let message else { return closeNow(context) }
            link?.handOver()
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            send(message, context).whenComplete { _ in
                let (handler, context) = bound.value
                handler.closeNow(context)
            }
        }
    }

    private func open(
        version: UInt32, _ welcome: Welcome, _ context: ChannelHandlerContext, after welcomed: EventLoopFuture<Void>?
    ) {
        timer?.cancel()
        decoder.limits =
            options.restrictsKinds
            ? options.limits.restricted(to: (owner.hello ?? hello)?.role ?? .inspector, isDialing: owner.hello != nil)
            : options.limits
        var peer: PeerIdentity
        if let ours = owner.hello {
            peer = PeerIdentity(welcome, hello: ours, address: owner.address, identity: identity)
        } else if let theirs = hello {
            peer = PeerIdentity(theirs, version: version, address: owner.address, identity: identity)
        } else {
            preconditionFailure("a link opened without a hello")
        }
        peer.removed = removed
        if owner.hello == nil, peer.role.asksOnly {
            // A failure means that the channel is closed.
            try? context.channel.syncOptions?.setOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1 << 10, initial: 4 << 10, maximum: 64 << 10))
        }
        let link = TCPLink(
            peer: peer, channel: context.channel, options: options, isAccepted: owner.hello == nil)
        let handler = owner.makeHandler(peer)
        self.link = link
        self.handler = handler
        if tls == nil {
            // A dialing side's hello was answered, so that nothing of it waits to be written.
            if let welcomed { welcomed.whenSuccess { link.writeDirectly() } } else { link.writeDirectly() }
        }
        heartbeat = Heartbeat(
            pingAfterNanoseconds: options.pingAfter.nanoseconds,
            giveUpAfterNanoseconds: options.giveUpAfter.nanoseconds, now: Self.now())
        // Who dialed may be held up by the other side on purpose; who asked is to read.
        if owner.hello == nil {
            progress = WriteProgress(patienceNanoseconds: options.writePatience.nanoseconds, now: Self.now())
        }
        beat(context)
        owner.admission?.security?.opened(link)
        handler.opened(link)
        owner.opened(link)
    }

    private func deliver(_ frame: Frame, _ context: ChannelHandlerContext) {
        guard let link, let handler else { return }
        if case .control(let message) = frame {
            switch message.body {
            case .ping(let ping):
                if ping.timesNext { nonceOfNext = ping.nonce } else { answer(ping.nonce, link, context) }
                return
            case .pong(let pong):
                link.answered(pong.nonce)
                return
            case .goodbye(let goodbye):
                let reason = goodbye.reason.isEmpty ? "" : ": \(goodbye.reason)"
                outcome = TransportError(.closedByPeer, "\(owner.address): the peer closed the link\(reason)")
                closeNow(context)
                return
            case .revocations(let list):
                guard let security = owner.admission?.security, identity?.kind == .coordinator else { break }
                security.revoke(RevocationList(version: list.version, devices: Set(list.devices)))
                link.send(.revocationsTaken(RevocationsTaken()), request: message.request)
                return
            case .revocationsTaken:
                return
            default: break
            }
        }
        handler.received(frame, on: link)
        wasLoneStep = if case .step(let step) = frame { step.isLone } else { false }
        if let nonce = nonceOfNext {
            nonceOfNext = nil
            answer(nonce, link, context)
        }
    }

    private func answer(_ nonce: UInt64, _ link: TCPLink, _ context: ChannelHandlerContext) {
        // When much waits to be written, that is sign of life enough, and pongs must not pile up.
        if context.channel.isWritable { link.send(.pong(Pong(nonce: nonce))) }
    }

    private func end(_ context: ChannelHandlerContext) {
        guard !hasEnded else { return }
        hasEnded = true
        timer?.cancel()
        _ = options.incoming?.change(from: held, to: 0)
        held = 0
        let wasClosedHere = link?.isClosed == true
        if case .close(let error?, _) = machine.disconnected() {
            outcome = outcome ?? TransportError(error, peer: owner.address)
        }
        link?.channelClosed()
        if let link { owner.admission?.security?.closed(link) }
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

    @discardableResult
    func send(_ message: ControlMessage, _ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
        let promise = context.eventLoop.makePromise(of: Void.self)
        do {
            let encoded = try FrameEncoder.encode(.control(message), allocator: context.channel.allocator)
            heartbeat?.sent(now: Self.now())
            given += encoded.head.readableBytes
            context.writeAndFlush(Self.wrapOutboundOut(encoded.head), promise: promise)
        } catch {
            promise.fail(error)
        }
        return promise.futureResult
    }

    static func now() -> Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }
}
