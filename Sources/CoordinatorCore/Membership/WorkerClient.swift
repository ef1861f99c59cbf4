import Identity
import Synchronization
import Transport
import Wire

/// The coordinator's end of one link to a worker: matches replies to requests, hands everything else on.
///
/// Safe from any thread. Step frames go straight to `onStep` on the link's thread, with no hop between.
final class WorkerClient: LinkHandler, Sendable {
    /// What a worker says without being asked.
    enum Notice: Sendable {
        case progress(StageProgress)
        case stepFailed(StepFailed)
        /// The link to the worker itself ended, or the worker was given up because it made no headway.
        case lost(String, isIdle: Bool)
        /// The worker's link to the next one ended, which it had for the placement of that epoch.
        case peerLost(PeerLost)
    }

    /// Takes a reply, or why there is none, on the link's thread.
    typealias Reply = @Sendable (Result<ControlBody, CoordinatorError>) -> Void

    let device: String
    let reader: (any LinkReader)?
    /// How long it may make no headway; `nil` is for ever, as for this process's own.
    let limits: HeadwayLimits?
    private let onStep: @Sendable (StepFrame) -> Void
    private let onNotice: @Sendable (WorkerClient, Notice) -> Void
    private let state = Mutex(State())

    /// How far it has come.
    var headway: HeadwayCount { state.withLock { $0.headway } }

    private struct State {
        var link: (any Link)?
        var ended: CoordinatorError?
        var lastRequest: UInt64 = 0
        var replies: [UInt64: Reply] = [:]
        /// Who waits for the link's end.
        var waiters: [CheckedContinuation<Void, Never>] = []
        var lastTransfer: UInt64 = 0
        var transfers: [ShardID: (number: UInt64, events: AsyncStream<ShardTransferEvent>.Continuation)] = [:]
        var headway = HeadwayCount()
    }

    /// - Parameter reader: the thread that computes this process's stage.
    init(
        device: String, reader: (any LinkReader)?, limits: HeadwayLimits?,
        onStep: @escaping @Sendable (StepFrame) -> Void,
        onNotice: @escaping @Sendable (WorkerClient, Notice) -> Void
    ) {
        self.device = device
        self.reader = reader
        self.limits = limits
        self.onStep = onStep
        self.onNotice = onNotice
    }

    /// Takes over the link after the handshake.
    func attach(_ link: any Link) {
        state.withLock { if $0.ended == nil { $0.link = link } }
    }

    /// The identity in the worker's certificate; `nil` on a plain link and after the link has ended.
    var identity: String? { state.withLock { $0.link }?.peer.identity?.id }

    var isConnected: Bool { state.withLock { $0.link != nil && $0.ended == nil } }

    /// Whether the link ended because the device said what none may say.
    var isAtFault: Bool { state.withLock { $0.ended?.isFault ?? false } }

    /// Sends a frame; dropped when the link has ended.
    func send(_ frame: Frame) { state.withLock { $0.link }?.send(frame) }

    /// Sends a request and waits for its reply.
    ///
    /// - Parameters:
    ///   - limit: how long without headway, where that is not what such a request may take anyway; a device that takes longer, as
    ///     one whose disk is dying, is given up with its link.
    ///   - bytes: of the weights that are to be loaded.
    /// - Throws: `CoordinatorError` when the worker refuses, takes too long, or the link ends.
    func request(
        _ body: ControlBody, within limit: Duration? = nil, loading bytes: Int = 0
    ) async throws(CoordinatorError) -> ControlBody {
        if case .loadStage(let load) = body { state.withLock { $0.headway.asked(for: load, bytes: bytes) } }
        let watching = watch(body, limit: limit)
        defer { watching?.cancel() }
        let result = await withCheckedContinuation {
            (reply: CheckedContinuation<Result<ControlBody, CoordinatorError>, Never>) in
            ask(body) { reply.resume(returning: $0) }
        }
        if case .loadStage(let load) = body {
            let isLoaded = if case .success(.stageLoaded) = result { true } else { false }
            state.withLock { $0.headway.answered(load, isLoaded: isLoaded) }
        }
        switch try result.get() {
        case .failure(let failure):
            throw CoordinatorError(
                .worker, "\(device) refused: \(failure.message)", failure: failure.code, device: device)
        case let body:
            return body
        }
    }

    /// Sends a request; the reply is taken where it arrives.
    func ask(_ body: ControlBody, reply: @escaping Reply) {
        let (sending, ended) = state.withLock { state -> ((any Link, UInt64)?, CoordinatorError?) in
            guard state.ended == nil, let link = state.link else { return (nil, state.ended ?? notConnected) }
            state.lastRequest += 1
            state.replies[state.lastRequest] = reply
            return ((link, state.lastRequest), nil)
        }
        if let (link, request) = sending {
            link.send(.control(ControlMessage(request: request, body: body)))
        } else if let ended {
            reply(.failure(ended))
        }
    }

    /// What the worker reports of one shard being sent; ends with the link.
    func transferEvents(of id: ShardID) -> AsyncStream<ShardTransferEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: ShardTransferEvent.self)
        let (number, ended) = state.withLock { state in
            state.lastTransfer += 1
            if state.ended == nil { state.transfers[id] = (state.lastTransfer, continuation) }
            return (state.lastTransfer, state.ended)
        }
        if let ended { continuation.yield(.ended(ended)) }
        continuation.onTermination = { [weak self] _ in
            // Not one of the same shard that began since.
            self?.state.withLock { state in
                if state.transfers[id]?.number == number { state.transfers[id] = nil }
            }
        }
        return stream
    }

    /// Ends what `transferEvents` gives of a shard: its transfer is given up.
    func endTransfer(of id: ShardID) {
        state.withLock { $0.transfers[id]?.events }?.finish()
    }

    func close() { state.withLock { $0.link }?.close() }

    /// Bytes that were sent and that it has not taken.
    var pendingBytes: Int { state.withLock { $0.link }?.pendingBytes ?? 0 }

    /// Closes the link, and returns when it has ended: when the worker has heard the goodbye, or has not in time.
    func end() async {
        close()
        await withCheckedContinuation { done in
            let hasEnded = state.withLock { state in
                guard state.link != nil, state.ended == nil else { return true }
                state.waiters.append(done)
                return false
            }
            if hasEnded { done.resume() }
        }
    }

    /// A shard is to be brought, or to be brought anew: from now on what the worker says of it counts.
    func expect(_ id: ShardID, bytes: Int) { state.withLock { $0.headway.expect(id, bytes: bytes) } }

    /// How much the worker holds of a shard that is brought, as it says.
    func holds(_ bytes: UInt64, of id: ShardID) { state.withLock { $0.headway.holds(bytes, of: id) } }

    /// A shard is brought no more.
    func forget(_ id: ShardID) { state.withLock { $0.headway.forget(id) } }

    /// Takes the worker for lost, though its link stands, and says why: whoever waits for it goes on, and the link is closed.
    func giveUp(_ reason: String) {
        finish("\(device) is taken for lost: \(reason)", isIdle: true)
    }

    /// The link is over: whoever waits hears why, once.
    private func finish(_ message: String, isIdle: Bool = false, isFault: Bool = false) {
        var error = CoordinatorError(.worker, message, device: device)
        error.isFault = isFault
        error.isLoss = !isFault && !isIdle
        let reason = error
        let ended = state.withLock { state -> State? in
            guard state.ended == nil else { return nil }
            let before = state
            state.ended = reason
            (state.link, state.replies, state.transfers, state.waiters) = (nil, [:], [:], [])
            return before
        }
        guard let ended else { return }
        ended.link?.close()
        // First, so that whoever waits and then places anew finds the loss counted.
        onNotice(self, .lost(reason.message, isIdle: isIdle))
        for waiter in ended.waiters { waiter.resume() }
        for reply in ended.replies.values { reply(.failure(reason)) }
        for transfer in ended.transfers.values { transfer.events.yield(.ended(reason)) }
    }

    func received(_ frame: Frame, on link: any Link) {
        switch frame {
        case .step(let step): onStep(step)
        case .piece, .cache: break
        case .control(let message): received(message)
        }
    }

    func closed(_ link: any Link, error: TransportError?) {
        let isFault = error?.code == .protocolViolation
        let cause = error?.description ?? "the coordinator closed it"
        finish(isFault ? "\(device) is left out: \(cause)" : "the link to \(device) ended: \(cause)", isFault: isFault)
    }

    private var notConnected: CoordinatorError { .lost(device, "\(device) is not connected") }

    private func received(_ message: ControlMessage) {
        if message.request != 0, let reply = state.withLock({ $0.replies.removeValue(forKey: message.request) }) {
            if case .shardStored(let stored) = message.body { state.withLock { $0.headway.stored(stored.id) } }
            reply(.success(message.body))
            return
        }
        switch message.body {
        case .stageProgress(let progress):
            if state.withLock({ $0.headway.progress(progress) }) { onNotice(self, .progress(progress)) }
        case .stepFailed(let failure): onNotice(self, .stepFailed(failure))
        case .peerLost(let peer): onNotice(self, .peerLost(peer))
        case .shardPieceAccepted(let accepted):
            guard let transfer = transfer(accepted.id) else { return }
            state.withLock { $0.headway.holds(accepted.bytesHeld, of: accepted.id) }
            transfer.yield(.accepted(bytesHeld: accepted.bytesHeld))
        case .shardStored(let stored):
            state.withLock { $0.headway.stored(stored.id) }
            transfer(stored.id)?.yield(.stored)
        case .failure(let failure):
            // One that names no shard is about all that are on their way.
            let transfers = state.withLock { state in
                failure.shard.map { state.transfers[$0].map { [$0.events] } ?? [] }
                    ?? state.transfers.values.map(\.events)
            }
            for transfer in transfers { transfer.yield(.failed(failure.code, "\(device) refused: \(failure.message)")) }
        default: break
        }
    }

    private func transfer(_ id: ShardID) -> AsyncStream<ShardTransferEvent>.Continuation? {
        state.withLock { $0.transfers[id]?.events }
    }
}
