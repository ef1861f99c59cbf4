import CoordinatorCore
import Hummingbird
import Placement

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `POST /api/models/plan`: what `POST /api/models/place` would place with the same body; nothing is changed by it.
///
/// For clients on this machine only: it opens a file.
struct PlanRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        let asked = try await request.json(PlaceRequest.self).checked()
        var body: PlanBody
        do {
            let (model, plan) = try await service.host.plan(path: asked.path, wishes: asked.wishes)
            body = PlanBody(model: model)
            switch plan {
            case .success(let plan): body.plan = plan
            case .failure(.doesNotFit(let shortfall)): body.shortfall = shortfall
            case .failure(let error): throw CoordinatorError(.invalidRequest, error.description)
            }
        } catch let error as CoordinatorError {
            throw APIError(placing: error)
        }
        let encoder = JSONEncoder.api
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try .json(body, by: encoder)
    }
}

extension PlaceRequest {
    /// - Throws: 400 for a path that depends on a working folder.
    func checked() throws(APIError) -> PlaceRequest {
        guard path.hasPrefix("/") else {
            throw .invalidRequest("path must be absolute: it is a file of this machine", parameter: "path")
        }
        return self
    }
}
