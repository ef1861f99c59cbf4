import CoordinatorCore
import Hummingbird

/// An answer that the coordinator is generating, on its way to the client.
struct Answer<Format: AnswerFormat>: Sendable {
    let events: AsyncStream<GenerationEvent>
    let format: Format
    let includeUsage: Bool
    let connection: ConnectionWatch?
    /// Ends before the client can know that the answer is over, so that its next request finds the place free.
    let permit: AccessPermit?

    /// The answer as server-sent events, once there is something to tell: one that waits in vain, as for devices that do not come back, has
    /// an error's status.
    ///
    /// - Throws: `APIError` for one that failed before.
    func streamed() async throws -> Response {
        switch await untilClosed(Task { await events.first { _ in true } }) {
        case nil: throw CancellationError()
        case .failed(let error): throw APIError(error)
        case let first?: return streamed(from: first)
        }
    }

    /// The body is written after the route has returned. When the client goes away, writing ends and the events are dropped,
    /// which cancels the answer.
    /// - Parameter first: what was taken from the events already.
    private func streamed(from first: GenerationEvent) -> Response {
        let body = ResponseBody { [self] writer in
            let (texts, continuation) = AsyncStream<GenerationEvent>.makeStream()
            // Events pass through a stream that the connection's end finishes, so that a client that leaves during a long
            // prompt is noticed before the first token is written.
            let place = QueuePlace()
            let relay = Task {
                func pass(_ event: GenerationEvent) {
                    place.note(event)
                    continuation.yield(event)
                }
                pass(first)
                for await event in events { pass(event) }
                continuation.finish()
            }
            defer { relay.cancel() }
            // One that waits is told so again every second, so that neither it nor what lies between takes the connection for dead.
            let reminder = Task {
                while let before = await place.nextReminder() { continuation.yield(.queued(before: before)) }
            }
            defer { reminder.cancel() }
            connection?.onClose { relay.cancel() }
            defer { connection?.onClose(nil) }
            if let opening = format.opening() { try await writer.write(EventStreamBody.event(opening)) }
            var isComplete = false
            for await event in texts {
                if event.isLast { permit?.end() }
                try await writer.write(contentsOf: buffers(for: event))
                isComplete = isComplete || event.isLast
            }
            // Events that end early: the client has gone, or the coordinator stops.
            guard isComplete else { throw CancellationError() }
            try await writer.finish(nil)
        }
        return EventStreamBody.response(body)
    }

    private func buffers(for event: GenerationEvent) throws -> [ByteBuffer] {
        switch event {
        case .queued(let before):
            return [EventStreamBody.comment("queued, \(before) before you")]
        case .token(_, let text), .text(let text):
            return text.isEmpty ? [] : [try EventStreamBody.event(format.piece(text))]
        case .failed(let error):
            return [try EventStreamBody.event(APIError(error).body, name: "error")]
        case .finished(let reason, let usage):
            let usage = includeUsage ? [try EventStreamBody.event(format.usage(UsageBody(usage)))] : []
            return [try EventStreamBody.event(format.ending(reason))] + usage + [EventStreamBody.done]
        }
    }

    /// The answer in one piece.
    func whole() async throws -> Response {
        let result = await untilClosed(Task { await collect() })
        permit?.end()
        return try .json(result.get())
    }

    /// What a task gives, which is cancelled when the client goes away.
    private func untilClosed<Value: Sendable>(_ task: Task<Value, Never>) async -> Value {
        connection?.onClose { task.cancel() }
        defer { connection?.onClose(nil) }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func collect() async -> Result<Format.Whole, any Error> {
        var text = ""
        for await event in events {
            switch event {
            case .queued: break
            case .token(_, let piece), .text(let piece): text += piece
            case .failed(let error): return .failure(APIError(error))
            case .finished(let reason, let usage):
                return .success(format.whole(text, reason: reason, usage: UsageBody(usage)))
            }
        }
        return .failure(CancellationError())
    }
}

extension GenerationEvent {
    fileprivate var isLast: Bool {
        switch self {
        case .queued, .token, .text: false
        case .finished, .failed: true
        }
    }
}
