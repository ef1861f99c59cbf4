import Hummingbird

/// Lets only those in who may use the API, each within its limits; where no key is asked for, only by names that are known. `/health` is for
/// anybody. Bodies must be JSON.
struct AccessMiddleware: RouterMiddleware {
    let access: AccessControl
    let sites: SitePolicy

    @concurrent func handle(
        _ request: Request, context: APIContext, next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        if request.isForHealth { return try await next(request, context) }
        var context = context
        let authorization = request.headers[.authorization]
        if let key = try await access.key(authorization: authorization, isLocal: context.isLocal) {
            context.key = key
            context.permit = try access.admit(key, isAnswer: request.isForAnswer)
        } else {
            try sites.checkHost(request.head.authority)
        }
        if request.hasBody, !request.isJSON { throw APIError.notJSON }
        return try await next(request, context)
    }
}

extension Request {
    fileprivate var hasBody: Bool {
        headers[.transferEncoding] != nil || headers[.contentLength].map { $0 != "0" } ?? false
    }

    /// Whether its body is said to be JSON, with whatever parameters.
    var isJSON: Bool {
        let type = headers[.contentType]?.prefix { $0 != ";" }.lowercased()
        return type?.split(separator: " ").joined() == "application/json"
    }

    /// Whether it asks for something to be generated.
    fileprivate var isForAnswer: Bool { method == .post && uri.path.split(separator: "/").first == "v1" }
}
