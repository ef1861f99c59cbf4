import Hummingbird

/// `GET /v1/models/{id}`
struct ModelRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) throws -> Response {
        let name = context.parameters.get("id")?.percentDecoded
        return try .json(ModelBody(service.model(named: name)))
    }
}
