import CoordinatorCore
import Hummingbird

/// `GET /health`: 200 once a model answers, else 503 with the reason.
struct HealthRoute: Sendable {
    let service: APIService

    func respond(to request: Request, context: APIContext) throws -> Response {
        let body = HealthBody(service.host.readiness)
        guard body.status != "ok" else { return try .json(body) }
        var response = try Response.json(body, status: .serviceUnavailable)
        response.headers[.retryAfter] = "2"
        return response
    }
}

extension HealthBody {
    init(_ readiness: Readiness) {
        switch readiness {
        case .ready: self.init(status: "ok")
        case .starting(let reason): self.init(status: "starting", message: reason)
        case .recovering(let reason): self.init(status: "recovering", message: reason)
        case .unavailable(let reason): self.init(status: "unavailable", message: reason)
        }
    }
}
