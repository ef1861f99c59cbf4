import NIOCore
import Synchronization
import Wire

/// A link over TCP. Frames are encoded on the sender's thread. A small one that no other waits before is written there too, unless TLS has
/// to wrap it; the others are written on the event loop, as many as wait at once.
final class TCPLink: Link {
    private struct Outgoing {
        var encoded: FrameEncoder.Encoded
        var whenWritten: (@Sendable (Bool) -> Void)?
    }

    private struct State: ~Copyable {
        var queue: [Outgoing] = []
        var isFlushScheduled = false
        var isClosed = false
        /// Whether the peer is gone: what it still said is read, and not answered.
        var hasNoPeer = false
        var failure: TransportError?
        var pendingBytes = 0
        /// What must be left of them for reading to go on, where it waits for that.
        var drainedAt: Int?
        var arrivals = ArrivalTiming()
        /// For writing on the sender's thread; nil where that cannot be, and once the channel is gone.
        var socket: DirectSocket?
        /// When something was last written so.
        var wroteDirectly = Int64.min
    }

    let peer: PeerIdentity
    private let channel: any Channel
    private let options: LinkOptions
    private let state = Mutex(State())
    /// Larger frames are left to the event loop: a sender has better things to do than to copy them into the system's buffers.
    private static let mostDirectBytes = 256 << 10
    private let mostPendingBytes: Int
    /// What is given to the channel at a time, and what is small enough to be copied for that.
    private static let batchBytes = 64 << 10
    private static let smallBytes = 8 << 10

    /// - Parameter isAccepted: whether the peer dialed.
    init(peer: PeerIdentity, channel: any Channel, options: LinkOptions, isAccepted: Bool) {
        self.peer = peer
        self.channel = channel
        self.options = options
        mostPendingBytes = min(options.maximumPendingBytes, isAccepted ? peer.role.mostPendingBytes : .max)
    }

    var pendingBytes: Int { state.withLock { $0.pendingBytes } }

    /// Whether this side has closed the link, or its channel is gone.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// When something was last written that the channel does not know of.
    var wroteDirectly: Int64 { state.withLock { $0.wroteDirectly } }

    /// Why this side gave the link up, when it was for a fault in sending.
    var failure: TransportError? { state.withLock { $0.failure } }

    func send(_ frame: Frame, whenWritten: (@Sendable (Bool) -> Void)?) {
        let encoded: FrameEncoder.Encoded
        do {
            encoded = try FrameEncoder.encode(frame, limits: options.limits, allocator: channel.allocator)
        } catch {
            fail(TransportError(.invalidFrame, "\(peer.address): \(frame.summary) was not sent: \(error.message)"))
            whenWritten?(false)
            return
        }
        enum Next { case drop, written, wait, flush, giveUp }
        let isDirect = frame.isSmall && encoded.byteCount <= Self.mostDirectBytes
        let next = state.withLock { state -> Next in
            if state.isClosed || state.hasNoPeer { return .drop }
            var encoded = encoded
            if isDirect, state.pendingBytes == 0,
                let written = state.socket?.write(encoded), written > 0
            {
                state.wroteDirectly = LinkChannelHandler.now()
                if written == encoded.byteCount { return .written }
                encoded = encoded.dropping(written)
            }
            if state.pendingBytes + encoded.byteCount > mostPendingBytes { return .giveUp }
            state.pendingBytes += encoded.byteCount
            state.queue.append(Outgoing(encoded: encoded, whenWritten: whenWritten))
            if state.isFlushScheduled { return .wait }
            state.isFlushScheduled = true
            return .flush
        }
        switch next {
        case .wait: break
        case .flush: channel.eventLoop.execute { self.flush() }
        case .written: whenWritten?(true)
        case .drop: whenWritten?(false)
        case .giveUp:
            fail(
                TransportError(
                    .congested,
                    "\(peer.address): more than \(mostPendingBytes) bytes wait to be sent; the peer does not read"
                ))
            whenWritten?(false)
        }
    }

    func timeArrival(_ tell: @escaping @Sendable (Duration) -> Void) {
        let now = LinkChannelHandler.now()
        if let nonce = state.withLock({ $0.arrivals.begin(now: now, tell: tell) }) {
            send(.ping(Ping(nonce: nonce, timesNext: true)))
        }
    }

    /// The peer answered a ping. On the event loop.
    func answered(_ nonce: UInt64) {
        let now = LinkChannelHandler.now()
        if let (time, tell) = state.withLock({ $0.arrivals.answered(nonce, now: now) }) { tell(time) }
    }

    func setReading(_ isReading: Bool) {
        // The handler of the channel is told, which holds frames that are read already.
        channel.triggerUserOutboundEvent(Reading(isOn: isReading), promise: nil)
    }

    func close() {
        let wasOpen = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard wasOpen else { return }
        channel.eventLoop.execute { self.finish() }
    }

    /// Closes at once, without what waits.
    func fail(_ error: TransportError) {
        let wasOpen = state.withLock { state in
            guard !state.isClosed else { return false }
            state.isClosed = true
            state.failure = error
            return true
        }
        // In the loop's next turn: this may be a handler's call, which is not to be told of the end before it returns.
        if wasOpen { channel.eventLoop.execute { [channel] in channel.close(promise: nil) } }
    }

    /// Lets senders write to the channel's socket by themselves from now on. On the event loop, when the channel has nothing to write.
    func writeDirectly() {
        state.withLock { if !$0.isClosed { $0.socket = DirectSocket(of: channel) } }
    }

    /// Writes what waits, and has nothing more written past the channel: it is about to write its last. On the event loop.
    func handOver() {
        state.withLock { $0.socket = nil }
        while let batch = nextBatch(takesAll: true) { write(batch) }
    }

    /// The connection has ended. What came before is still read, and replies to it would only take memory. On the event loop.
    func peerIsGone() {
        state.withLock { state in
            state.hasNoPeer = true
            state.socket = nil
        }
    }

    /// Drops what waits: the channel is gone. On the event loop.
    func channelClosed() {
        let dropped = state.withLock { state in
            state.isClosed = true
            state.socket = nil
            let dropped = state.queue
            state.queue = []
            return dropped
        }
        for outgoing in dropped { outgoing.whenWritten?(false) }
    }

    /// Writes what waits, as far as the channel takes it; the rest once it takes more. On the event loop.
    ///
    /// Every write that the channel holds takes far more memory than a small frame: with TLS it has buffers of its own. So no more is given to
    /// the channel than its peer takes, and small frames go together.
    func flush() {
        while let batch = nextBatch(takesAll: false) { write(batch) }
    }

    /// - Returns: the next frames to write, some 64 KiB where there are as many; nil where there are none, or the channel takes no more.
    private func nextBatch(takesAll: Bool) -> ArraySlice<Outgoing>? {
        let isWritable = takesAll || channel.isWritable
        return state.withLock { state in
            // Until all is written no other flush is needed: the channel says when it takes more.
            guard isWritable, !state.queue.isEmpty else {
                state.isFlushScheduled = !state.queue.isEmpty
                return nil
            }
            var (count, bytes) = (0, 0)
            while count < state.queue.count, bytes < Self.batchBytes {
                bytes += state.queue[count].encoded.byteCount
                count += 1
            }
            let batch = state.queue.prefix(count)
            state.queue.removeFirst(count)
            return batch
        }
    }

    /// Gives frames to the channel: small ones as one buffer.
    private func write(_ batch: ArraySlice<Outgoing>) {
        let bytes = batch.reduce(0) { $0 + $1.encoded.byteCount }
        let written = channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { result in
            self.wrote(bytes)
            for outgoing in batch {
                if case .success = result { outgoing.whenWritten?(true) } else { outgoing.whenWritten?(false) }
            }
        }
        let parts = batch.flatMap { [$0.encoded.head] + ($0.encoded.bulk.map { [$0] } ?? []) }
        var joined: ByteBuffer?
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            if part.readableBytes <= Self.smallBytes, joined != nil || !isLast {
                joined = joined ?? channel.allocator.buffer(capacity: min(bytes, Self.batchBytes))
                joined?.writeImmutableBuffer(part)
                if isLast, let joined { channel.write(joined, promise: written) }
            } else {
                if let small = joined { channel.write(small, promise: nil) }
                joined = nil
                channel.write(part, promise: isLast ? written : nil)
            }
        }
        channel.flush()
    }

    private func wrote(_ bytes: Int) {
        let isDrained = state.withLock { state in
            state.pendingBytes -= bytes
            guard let limit = state.drainedAt, state.pendingBytes <= limit else { return false }
            state.drainedAt = nil
            return true
        }
        if isDrained { channel.triggerUserOutboundEvent(Drained(), promise: nil) }
    }

    /// Whether more than so much waits; then the channel's handler is told (`Drained`) once half of it is left.
    func mustDrain(above limit: Int) -> Bool {
        state.withLock { state in
            guard state.pendingBytes > limit else { return false }
            state.drainedAt = limit / 2
            return true
        }
    }

    /// Writes what waits and a goodbye, and closes when the peer does, or has not in time. On the event loop.
    ///
    /// A socket that is closed before the peer has read all answers whatever still comes from there, as a ping, with a reset, which
    /// destroys what is on its way.
    private func finish() {
        handOver()
        // What still comes is read, and dropped: else the peer's end would not be seen.
        setReading(true)
        let channel = channel
        let written = channel.eventLoop.makePromise(of: Void.self)
        let deadline = channel.eventLoop.scheduleTask(in: options.lingerTimeout) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in deadline.cancel() }
        written.futureResult.whenComplete { result in
            if case .success = result {
                channel.close(mode: .output, promise: nil)
            } else {
                channel.close(promise: nil)
            }
        }
        guard let goodbye = try? FrameEncoder.encode(.control(ControlMessage(body: .goodbye(Goodbye(reason: "")))))
        else {
            preconditionFailure("a goodbye cannot be encoded")
        }
        channel.writeAndFlush(goodbye.head, promise: written)
    }
}

extension Frame {
    /// Whether it is none of those that bring much, and that nobody waits for.
    fileprivate var isSmall: Bool {
        switch self {
        case .control, .step: true
        case .piece, .cache: false
        }
    }
}
