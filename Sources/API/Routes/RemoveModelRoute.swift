import CoordinatorCore
import Hummingbird

/// `POST /api/models/remove`: frees the disks of devices and of this machine of a model that is not served, or tells what would be freed.
///
/// For clients on this machine only.
struct RemoveModelRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        let asked = try await request.json(RemoveModelRequest.self)
        do {
            let wish = ModelRemoval.Wish(
                model: asked.model, unloads: asked.unload ?? false, keepsFile: asked.keepFile ?? false,
                isDry: asked.dryRun ?? false)
            return try .json(RemovedModelBody(try await service.host.remove(wish)))
        } catch let error as CoordinatorError {
            if error.code == .invalidRequest {
                throw APIError.invalidRequest(
                    error.message, parameter: "model", code: "model_not_found", status: .notFound)
            }
            throw APIError(placing: error)
        }
    }
}
