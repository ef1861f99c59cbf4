import CoordinatorCore
import Hummingbird

/// `GET /api/events?after=N`: what happened to the cluster after the event of that number, as JSON; with `follow` or
/// `Accept: text/event-stream` as server-sent events, which go on as things happen.
struct EventsRoute: Sendable {
    /// How often a follower is written to when nothing happens, so that one that has gone is noticed.
    private static let reminder = Duration.seconds(15)
    /// Events that are written at a time.
    private static let batch = 64

    let history: ClusterHistory

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let after = try number(request)
        guard isFollowing(request) else {
            let (events, last) = history.events(after: after)
            return try .json(EventsBody(events: events, last: last))
        }
        guard let news = history.follow() else {
            throw APIError.unavailable(
                "\(ClusterHistory.mostFollowers) clients follow the events already: ask without follow, now and then")
        }
        let connection = await context.connectionWatch()
        return EventStreamBody.response(
            ResponseBody { [history] writer in
                let (wakes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
                // What there is already; before anything can end the stream.
                continuation.yield()
                let relay = Task {
                    for await _ in news { continuation.yield() }
                    continuation.finish()
                }
                let reminding = Task {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: Self.reminder)
                        continuation.yield()
                    }
                }
                defer {
                    relay.cancel()
                    reminding.cancel()
                    connection?.onClose(nil)
                }
                connection?.onClose { continuation.finish() }
                var last = after
                for await _ in wakes {
                    var events = history.events(after: last, most: Self.batch).events
                    // Also at the beginning, so that a client sees that it is answered.
                    if events.isEmpty { try await writer.write(EventStreamBody.comment("nothing new")) }
                    while let newest = events.last {
                        for event in events { try await writer.write(EventStreamBody.event(event)) }
                        last = newest.number
                        events = history.events(after: last, most: Self.batch).events
                    }
                }
                try await writer.write(EventStreamBody.done)
                try await writer.finish(nil)
            })
    }

    /// The event after which is asked.
    private func number(_ request: Request) throws(APIError) -> UInt64 {
        guard let text = request.uri.queryParameters["after"] else { return 0 }
        guard let number = UInt64(text) else {
            throw .invalidRequest("after is the number of an event, from 0 on", parameter: "after")
        }
        return number
    }

    private func isFollowing(_ request: Request) -> Bool {
        if let follow = request.uri.queryParameters["follow"] { return follow != "false" && follow != "0" }
        return request.headers[.accept]?.contains("text/event-stream") ?? false
    }
}
