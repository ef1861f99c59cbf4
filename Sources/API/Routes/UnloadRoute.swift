import CoordinatorCore
import Hummingbird

/// `POST /api/models/unload`: takes the placed model away, once its answers have ended or their time is over. Devices keep its shards.
///
/// For clients on this machine only.
struct UnloadRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        do {
            return try await .json(UnloadBody(unloaded: service.host.unload()))
        } catch let error as CoordinatorError {
            throw APIError(placing: error)
        }
    }
}
