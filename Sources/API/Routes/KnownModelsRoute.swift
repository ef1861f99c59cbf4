import CoordinatorCore
import Hummingbird

/// `GET /api/models`: the model that is placed, and those that were, with what devices hold of them.
struct KnownModelsRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        // Where files lie is for users of this machine.
        let showsPaths = context.isLocal
        return try .json(
            KnownModelList(models: await service.host.models().map { KnownModelBody($0, showsPath: showsPaths) }))
    }
}
