import CoordinatorCore
import Hummingbird

/// `GET /v1/models`
struct ModelsRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) throws -> Response {
        try .json(ModelList(data: [ModelBody(service.placed().model)]))
    }
}
