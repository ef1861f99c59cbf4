import CoordinatorCore
import Hummingbird

/// `GET /api/cluster`: devices, stages and load, for `shoal devices --server`.
struct ClusterRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let coordinator = service.coordinator
        return try await .json(
            ClusterBody(coordinator.report(), model: coordinator.model, readiness: coordinator.readiness))
    }
}
