import CoordinatorCore
import Hummingbird

/// `POST /api/cluster/measure`: measures devices and links anew, and answers as `GET /api/cluster` when that is done, after some
/// seconds. For clients on this machine only.
struct MeasureRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try context.requireLocal(request)
        let coordinator = try service.placed()
        do {
            try await coordinator.measureAgain()
        } catch {
            throw APIError(error)
        }
        return try await ClusterRoute(service: service).respond(to: request, context: context)
    }
}
