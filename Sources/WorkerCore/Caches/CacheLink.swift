import ModelParts
import NIOCore
import Synchronization
import Transport
import Wire

/// A worker's end of a link that it dialed to take caches over.
///
/// One task at a time asks and waits. What comes without having been asked for ends the link.
final class CacheLink: LinkHandler, Sendable {
    enum Event: Sendable {
        case reply(request: UInt64, ControlBody)
        case piece(CachePiece)
        case ended(String)
    }

    /// How long the other side may give nothing that is waited for, which comes behind the steps that it computes. That it lives is the
    /// link's own business.
    private static let patience = Duration.seconds(30)

    private let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation
    private let state = Mutex(State())

    private struct State {
        var link: (any Link)?
        var lastRequest: UInt64 = 0
        /// Pieces and replies that may come.
        var expected = 0
        /// Bytes of a piece; larger ones were not asked for.
        var pieceBytes = 0
    }

    private init() { (events, continuation) = AsyncStream.makeStream() }

    /// Dials the worker that has a source.
    ///
    /// - Throws: `WorkerError` (nextUnreachable).
    static func open(_ source: CacheSource, of worker: Worker, session: UInt64) async throws(WorkerError) -> CacheLink {
        let handler = CacheLink()
        do {
            let link = try await worker.connect(
                to: source.address ?? "", identity: source.identity, role: .caches, session: session,
                timeout: .seconds(2), handler: handler)
            handler.state.withLock { $0.link = link }
        } catch {
            throw WorkerError(.nextUnreachable, error.description)
        }
        return handler
    }

    func close() { state.withLock { $0.link }?.close() }

    /// Asks which layers and sequences a stage has.
    ///
    /// - Throws: `WorkerError` where it has none, or the link ended.
    func contents(
        of source: CacheSource, session: UInt64, context: Int, interest: CacheInterest
    ) async throws(WorkerError) -> CacheContents {
        guard case .deviceReport(let report) = try await ask(.describeDevice(DescribeDevice())),
            let stage = report.stages.first(where: {
                $0.session == session && $0.epoch == source.epoch && $0.stage == source.stage
            })
        else { throw WorkerError(.stageMissing, "stage \(source.stage) of epoch \(source.epoch) is not loaded there") }
        return try await contents(
            of: source, layers: stage.range.layers, context: context,
            interest: interest)
    }

    /// Asks which sequences a stage with these layers has.
    func contents(
        of source: CacheSource, layers: Range<Int>, context: Int, interest: CacheInterest
    ) async throws(WorkerError) -> CacheContents {
        let inquiry = CacheInquiry(epoch: source.epoch, stage: source.stage)
        guard case .cacheInventory(let inventory) = try await ask(.cacheInquiry(inquiry)) else {
            throw WorkerError(.badRequest, "an inquiry was answered with something else")
        }
        return CacheContents(inventory, layers: layers, context: context, interest: interest)
    }

    /// Sends a request for pieces.
    ///
    /// - Parameter pieceBytes: what each of them has.
    /// - Returns: its number.
    func send(_ request: CacheRequest, pieceBytes: Int) -> UInt64 {
        state.withLock { $0.pieceBytes = pieceBytes }
        // A failure may come in place of the last piece.
        return send(.cacheRequest(request), expecting: request.layers.count * request.pages.count)
    }

    /// Waits for the next piece or reply; ends the link where the other side gives nothing for too long.
    func next() async -> Event {
        let watch = Task { [self] in
            try? await Task.sleep(for: Self.patience)
            if !Task.isCancelled { close() }
        }
        defer { watch.cancel() }
        return await withTaskCancellationHandler {
            var iterator = events.makeAsyncIterator()
            return await iterator.next() ?? .ended("the link ended")
        } onCancel: {
            close()
        }
    }

    private func ask(_ body: ControlBody) async throws(WorkerError) -> ControlBody {
        let request = send(body, expecting: 1)
        switch await next() {
        case .reply(request, .failure(let failure)): throw WorkerError(failure.code, failure.message)
        case .reply(request, let body): return body
        case .ended(let reason): throw WorkerError(.nextUnreachable, reason)
        case .reply, .piece:
            close()
            throw WorkerError(.badRequest, "something came that was not asked for")
        }
    }

    private func send(_ body: ControlBody, expecting count: Int) -> UInt64 {
        let (link, request) = state.withLock { state in
            state.lastRequest += 1
            state.expected += count
            return (state.link, state.lastRequest)
        }
        link?.send(body, request: request)
        return request
    }

    /// Forgets pieces that a failed request will not bring.
    func giveUp(_ count: Int) { state.withLock { $0.expected -= count } }

    func received(_ frame: Frame, on link: any Link) {
        let isExpected = state.withLock { state in
            state.expected -= 1
            if case .cache(let piece) = frame, piece.bytes.readableBytes > state.pieceBytes { return false }
            return state.expected >= 0
        }
        switch frame {
        case .cache(let piece) where isExpected: continuation.yield(.piece(piece))
        case .control(let message) where isExpected:
            continuation.yield(.reply(request: message.request, message.body))
        default: link.close()
        }
    }

    func closed(_ link: any Link, error: TransportError?) {
        continuation.yield(.ended(error?.description ?? "the link was given up"))
        continuation.finish()
    }
}
