import CoordinatorCore
import Hummingbird

/// `GET /api/cluster`: devices, stages and load, for `shoal devices --server`.
struct ClusterRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let host = service.host
        return try await .json(ClusterBody(host.report(), model: host.present?.model, readiness: host.readiness))
    }
}
