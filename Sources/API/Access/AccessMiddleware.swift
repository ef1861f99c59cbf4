import Hummingbird

/// Lets only those in who may use the API, each within its limits. `/health` is for anybody.
struct AccessMiddleware: RouterMiddleware {
    let access: AccessControl

    @concurrent func handle(
        _ request: Request, context: APIContext, next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        if request.uri.path == "/health", request.method == .get || request.method == .head {
            return try await next(request, context)
        }
        var context = context
        if let key = try await access.key(authorization: request.headers[.authorization]) {
            context.key = key
            context.permit = try access.admit(key, isAnswer: request.isForAnswer)
        }
        return try await next(request, context)
    }
}

extension Request {
    /// Whether it asks for something to be generated.
    fileprivate var isForAnswer: Bool { method == .post && uri.path.split(separator: "/").first == "v1" }
}
