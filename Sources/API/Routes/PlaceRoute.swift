import CoordinatorCore
import Hummingbird

/// `POST /api/models/place`: places a model file of this machine, and tells how far it is as server-sent events.
///
/// For clients on this machine only. Placing goes on when the client leaves.
struct PlaceRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        let asked = try await request.json(PlaceRequest.self).checked()
        let (events, continuation) = AsyncStream.makeStream(of: Result<PlacementEvent, CoordinatorError>.self)
        let host = service.host
        Task {
            do throws(CoordinatorError) {
                let placed = try await host.place(path: asked.path, wishes: asked.wishes) { progress in
                    if let event = PlacementEvent(progress) { continuation.yield(.success(event)) }
                }
                await continuation.yield(.success(PlacementEvent(placed: placed.model, on: placed.report())))
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
        // What is wrong with the file is known before anything is told: it is the answer's status then.
        let first = await events.first { _ in true }
        if case .failure(let error) = first { throw APIError(placing: error) }
        return EventStreamBody.response(
            ResponseBody { writer in
                if case .success(let event) = first { try await writer.write(EventStreamBody.event(event)) }
                for await result in events {
                    switch result {
                    case .success(let event): try await writer.write(EventStreamBody.event(event))
                    case .failure(let error):
                        try await writer.write(EventStreamBody.event(APIError(placing: error).body, name: "error"))
                    }
                }
                try await writer.write(EventStreamBody.done)
                try await writer.finish(nil)
            })
    }
}

extension APIError {
    /// Why a model is not placed or unloaded.
    init(placing error: CoordinatorError) {
        switch error.code {
        case .model: self = .invalidRequest(error.message, parameter: "path", code: "model_unusable")
        case .busy: self = .invalidRequest(error.message, code: "busy", status: .conflict)
        default: self.init(error)
        }
    }
}
