package import ChatTemplate
package import CoordinatorCore
package import Hummingbird

/// The routes of the API.
///
/// Every answer that is an error has OpenAI's shape, also for paths that are not there.
/// - Parameter template: The model's chat template; without one, conversations are refused.
package func makeAPI(coordinator: Coordinator, template: ChatTemplate?) -> Router<APIContext> {
    let service = APIService(coordinator: coordinator, template: template)
    var table = RouteTable()
    for (method, path) in [
        ("GET", "/health"), ("GET", "/api/cluster"), ("POST", "/api/cluster/measure"), ("GET", "/v1/models"),
        ("GET", "/v1/models/{id}"),
        ("POST", "/v1/chat/completions"), ("POST", "/v1/completions"),
    ] {
        table.add(method, path)
    }

    let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: ErrorMiddleware(table: table))
    router.get("/health", use: HealthRoute(service: service).respond)
    router.get("/api/cluster", use: ClusterRoute(service: service).respond)
    router.post("/api/cluster/measure", use: MeasureRoute(service: service).respond)
    router.get("/v1/models", use: ModelsRoute(service: service).respond)
    router.get("/v1/models/{id}", use: ModelRoute(service: service).respond)
    router.post("/v1/chat/completions", use: ChatCompletionsRoute(service: service).respond)
    router.post("/v1/completions", use: CompletionsRoute(service: service).respond)
    return router
}
