import Hummingbird

/// Keeps pages of other sites out, and answers those that are allowed as browsers ask for it (Fetch, "CORS protocol"): also errors, and
/// also the question that a browser asks before, which comes without a key.
struct SiteMiddleware: RouterMiddleware {
    let policy: SitePolicy
    /// The methods of every path there is.
    let table: RouteTable

    @concurrent func handle(
        _ request: Request, context: APIContext, next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let origin: String?
        do throws(APIError) {
            origin = try policy.allowedOrigin(
                SitePolicy.Asked(
                    host: request.head.authority, origin: request.headers[.origin],
                    fetchSite: request.headers[.fetchSite]))
        } catch {
            // Whether it is up is no secret, and monitors are many.
            if request.isForHealth { return try await next(request, context) }
            return try error.response(from: request, context: context)
        }
        guard let origin else { return try await next(request, context) }
        var response =
            request.isPreflight ? Response(status: .noContent) : try await next(request, context)
        if request.isPreflight { addPermission(to: &response, for: request) }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = "Retry-After"
        response.headers[.vary] = "Origin"
        return response
    }

    /// What the page may send then.
    private func addPermission(to response: inout Response, for request: Request) {
        let methods = table.methods(at: request.uri.path)
        response.headers[.accessControlAllowMethods] =
            methods.isEmpty ? "GET, POST" : methods.joined(separator: ", ")
        // Clients of OpenAI's API send headers of their own, which mean nothing here.
        response.headers[.accessControlAllowHeaders] =
            request.headers[.accessControlRequestHeaders] ?? "Authorization, Content-Type"
        response.headers[.accessControlMaxAge] = "600"
        if request.headers[.requestPrivateNetwork] != nil { response.headers[.allowPrivateNetwork] = "true" }
    }
}

extension Request {
    /// Whether it asks whether the server is up: that is for anybody.
    var isForHealth: Bool { uri.path == "/health" && (method == .get || method == .head) }

    fileprivate var isPreflight: Bool { method == .options && headers[.accessControlRequestMethod] != nil }
}

extension HTTPFields.Element.Name {
    fileprivate static let fetchSite = Self("Sec-Fetch-Site")!
    fileprivate static let requestPrivateNetwork = Self("Access-Control-Request-Private-Network")!
    fileprivate static let allowPrivateNetwork = Self("Access-Control-Allow-Private-Network")!
}
