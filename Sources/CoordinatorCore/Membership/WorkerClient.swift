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
        /// The link to the worker itself ended.
        case lost(String)
        /// The worker's link to the next one ended, which it had for the placement of that epoch.
        case peerLost(PeerLost, String)
    }

    /// Takes a reply, or why there is none, on the link's thread.
    typealias Reply = @Sendable (Result<ControlBody, CoordinatorError>) -> Void

    let device: String
    let reader: (any LinkReader)?
    private let onStep: @Sendable (StepFrame) -> Void
    private let onNotice: @Sendable (WorkerClient, Notice) -> Void
    private let state = Mutex(State())

    private struct State {
        var link: (any Link)?
        var ended: CoordinatorError?
        var lastRequest: UInt64 = 0
        var replies: [UInt64: Reply] = [:]
        /// Who waits for the link's end.
        var waiters: [CheckedContinuation<Void, Never>] = []
        var lastTransfer: UInt64 = 0
        var transfers: [ShardID: (number: UInt64, events: AsyncStream<ShardTransferEvent>.Continuation)] = [:]
    }

    /// - Parameter reader: the thread that computes this process's stage.
    init(
        device: String, reader: (any LinkReader)?, onStep: @escaping @Sendable (StepFrame) -> Void,
        onNotice: @escaping @Sendable (WorkerClient, Notice) -> Void
    ) {
        self.device = device
        self.reader = reader
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
    /// - Parameter limit: how long; a device that takes longer, as one whose disk is dying, is given up with its link.
    /// - Throws: `CoordinatorError` when the worker refuses, takes too long, or the link ends.
    func request(_ body: ControlBody, within limit: Duration? = nil) async throws(CoordinatorError) -> ControlBody {
        let expiry = limit.map { limit in
            Task { [weak self] in
                try? await Task.sleep(for: limit)
                if !Task.isCancelled { self?.close() }
            }
        }
        defer { expiry?.cancel() }
        let result = await withCheckedContinuation {
            (reply: CheckedContinuation<Result<ControlBody, CoordinatorError>, Never>) in
            ask(body) { reply.resume(returning: $0) }
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
        if let ended { continuation.yield(.failed(nil, ended.message)) }
        continuation.onTermination = { [weak self] _ in
            // Not one of the same shard that began since.
            self?.state.withLock { if $0.transfers[id]?.number == number { $0.transfers[id] = nil } }
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

    func received(_ frame: Frame, on link: any Link) {
        switch frame {
        case .step(let step): onStep(step)
        case .piece, .cache: break
        case .control(let message): received(message)
        }
    }

    func closed(_ link: any Link, error: TransportError?) {
        let isFault = error?.code == .protocolViolation
        let cause = error?.description ?? "the worker closed it"
        var reason = CoordinatorError(
            .worker, isFault ? "\(device) is left out: \(cause)" : "the link to \(device) ended: \(cause)")
        reason.isFault = isFault
        let (replies, transfers, waiters) = state.withLock { state in
            state.ended = reason
            state.link = nil
            defer { (state.replies, state.transfers, state.waiters) = ([:], [:], []) }
            return (state.replies.values, state.transfers.values.map(\.events), state.waiters)
        }
        for waiter in waiters { waiter.resume() }
        for reply in replies { reply(.failure(reason)) }
        for transfer in transfers { transfer.yield(.failed(nil, reason.message)) }
        onNotice(self, .lost(reason.message))
    }

    private var notConnected: CoordinatorError { CoordinatorError(.worker, "\(device) is not connected") }

    private func received(_ message: ControlMessage) {
        if message.request != 0, let reply = state.withLock({ $0.replies.removeValue(forKey: message.request) }) {
            reply(.success(message.body))
            return
        }
        switch message.body {
        case .stageProgress(let progress): onNotice(self, .progress(progress))
        case .stepFailed(let failure): onNotice(self, .stepFailed(failure))
        case .peerLost(let peer):
            onNotice(self, .peerLost(peer, "\(device) lost its link to the next device: \(peer.message)"))
        case .shardPieceAccepted(let accepted): transfer(accepted.id)?.yield(.accepted(bytesHeld: accepted.bytesHeld))
        case .shardStored(let stored): transfer(stored.id)?.yield(.stored)
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
