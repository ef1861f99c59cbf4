package import CoordinatorCore
package import Hummingbird

/// The routes of the API.
///
/// Every answer that is an error has OpenAI's shape, also for paths that are not there.
///
/// - Parameters:
///   - host: who serves the model.
///   - access: who may ask.
///   - joining: what takes devices into the cluster and removes them now; `nil` where none can join.
///   - sites: whose pages may ask, and by which names.
///   - chatTemplate: what makes prompts of conversations.
package func makeAPI(
    host: ModelHost, access: AccessControl, joining: @escaping @Sendable () -> JoinService? = { nil },
    sites: SitePolicy = SitePolicy(),
    chatTemplate: ChatTemplateChoice = .model
) -> Router<APIContext> {
    let service = APIService(host: host, chatTemplate: chatTemplate)
    var table = RouteTable()
    for (method, path) in [
        ("GET", "/health"), ("GET", "/api/cluster"), ("POST", "/api/cluster/measure"),
        ("POST", "/api/cluster/rebalance"), ("POST", "/api/devices/drain"), ("POST", "/api/devices/refill"),
        ("POST", "/api/devices/remove"), ("POST", "/api/devices/rename"),
        ("POST", "/api/devices/approve"), ("POST", "/api/devices/waiting"),
        ("GET", "/api/models"), ("POST", "/api/models/place"), ("POST", "/api/models/plan"),
        ("POST", "/api/models/unload"), ("POST", "/api/models/remove"), ("GET", "/api/events"), ("GET", "/v1/models"),
        ("GET", "/v1/models/{id}"),
        ("POST", "/v1/chat/completions"), ("POST", "/v1/completions"),
    ] {
        table.add(method, path)
    }

    let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: SiteMiddleware(policy: sites, table: table))
    router.add(middleware: ErrorMiddleware(table: table))
    router.add(middleware: AccessMiddleware(access: access, sites: sites))
    router.get("/health", use: HealthRoute(service: service).respond)
    router.get("/api/cluster", use: ClusterRoute(service: service).respond)
    router.post("/api/cluster/measure", use: MeasureRoute(service: service).respond)
    router.post("/api/cluster/rebalance", use: RebalanceRoute(service: service).respond)
    router.post("/api/devices/drain", use: DrainRoute(service: service, isUndone: false).respond)
    router.post("/api/devices/refill", use: DrainRoute(service: service, isUndone: true).respond)
    router.get("/api/models", use: KnownModelsRoute(service: service).respond)
    router.post("/api/models/place", use: PlaceRoute(service: service).respond)
    router.post("/api/models/plan", use: PlanRoute(service: service).respond)
    router.post("/api/models/unload", use: UnloadRoute(service: service).respond)
    router.post("/api/devices/remove", use: RemoveDeviceRoute(joining: joining).respond)
    router.post("/api/devices/rename", use: RenameDeviceRoute(joining: joining).respond)
    router.post("/api/devices/approve", use: ApproveDeviceRoute(joining: joining).respond)
    router.post("/api/devices/waiting", use: ApproveDeviceRoute(joining: joining).list)
    router.get("/api/events", use: EventsRoute(history: host.history).respond)
    router.post("/api/models/remove", use: RemoveModelRoute(service: service).respond)
    router.get("/v1/models", use: ModelsRoute(service: service).respond)
    router.get("/v1/models/{id}", use: ModelRoute(service: service).respond)
    router.post("/v1/chat/completions", use: ChatCompletionsRoute(service: service).respond)
    router.post("/v1/completions", use: CompletionsRoute(service: service).respond)
    return router
}
