import API
import ClusterStore
import CoordinatorCore
import Foundation
import GGUF
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Placement
import Testing

/// Placing and unloading over HTTP, from the machine itself and from elsewhere.
@Suite(.timeLimit(.minutes(10)))
struct PlacingRoutesTests {
    /// A cluster with a host that can place one model, at `/models/tiny.gguf`, and has none yet.
    private struct Placing {
        let cluster: LocalCluster
        let application: Application<RouterResponder<APIContext>>

        init() async throws {
            let cluster = try await LocalCluster.prepare(workers: 1)
            let file = try GGUFFile(copying: try TinyModel().file(), path: "/models/tiny.gguf")
            let host = ModelHost(
                devices: cluster.workers.map { DeviceDeclaration(name: $0.name, connection: .tcp($0.endpoint)) },
                transport: LocalWorker.makeTransport(), drainLimit: .milliseconds(100),
                prepare: { path, _, progress in
                    guard path == file.path else { throw CoordinatorError(.model, "\(path): no such file") }
                    return try cluster.makeCoordinator(model: file, progress: progress)
                })
            self.cluster = cluster
            application = Application(
                router: makeAPI(host: host, access: .withoutKeys),
                configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                logger: LocalWorker.logger)
        }

        /// Calls `body` with the API on a port of loopback, then ends everything.
        func live(_ body: @escaping @Sendable (Caller) async throws -> Void) async throws {
            try await application.test(.live) { try await body(Caller(client: $0)) }
            await cluster.stop()
        }
    }

    private struct Caller: Sendable {
        let client: any TestClientProtocol

        func get(_ path: String) async throws -> Answered { try await send(.get, path, nil, [:]) }

        func post(
            _ path: String, _ body: String, _ headers: HTTPFields = [.contentType: "application/json"]
        ) async throws -> Answered {
            try await send(.post, path, body, headers)
        }

        private func send(
            _ method: HTTPRequest.Method, _ path: String, _ body: String?, _ headers: HTTPFields
        ) async throws -> Answered {
            try await client.execute(
                uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
            ) { response in
                Answered(status: response.status.code, headers: [:], body: String(buffer: response.body))
            }
        }
    }

    private static let place = #"{"path": "/models/tiny.gguf"}"#

    @Test func `a model is placed with word of how far it is, answers, is listed, and is unloaded`() async throws {
        try await Placing().live { api in
            for path in ["/v1/models", "/v1/models/tiny"] {
                let response = try await api.get(path)
                #expect(response.status == 503)
                #expect(response.error?.code == "model_not_ready")
                #expect(response.error?.message.contains("shoal place") == true)
            }
            let chat = #"{"messages": [{"role": "user", "content": "Hello"}]}"#
            let ask = #"{"prompt": "Hello", "max_tokens": 3}"#
            #expect(try await api.post("/v1/completions", ask).status == 503)
            #expect(try await api.post("/v1/chat/completions", chat).status == 503)
            #expect(try await api.get("/health").json(HealthBody.self).message == ModelHost.noModel)
            let empty = try await api.get("/api/cluster").json(ClusterBody.self)
            #expect(empty.model == nil)
            #expect(empty.devices.map(\.name) == ["w1"])
            #expect(empty.devices.map(\.connected) == [true])
            #expect(try await api.get("/api/models").json(KnownModelList.self).models == [])

            let placed = try await api.post("/api/models/place", Self.place)
            #expect(placed.status == 200)
            #expect(placed.events.last == "[DONE]")
            let events = try placed.chunks(PlacementEvent.self)
            #expect(events.first?.event == .connecting)
            #expect(events.last?.event == .ready)
            let planned = try #require(events.first { $0.event == .placed })
            #expect(planned.devices == 1 || planned.devices == 2)
            #expect(try #require(planned.tokensPerSecond) > 0)
            #expect(events.last?.model == "tiny")
            #expect(events.last?.stages?.last?.head == true)
            let sent = events.filter { $0.event == .sending && $0.device == "w1" }
            #expect(sent.last?.done == sent.last?.total)
            #expect(events.compactMap(\.sentBytes) == [sent.last?.total])

            #expect(try await api.post("/v1/completions", ask).status == 200)
            #expect(try await api.post("/v1/chat/completions", chat).status == 200)
            #expect(try await api.get("/health").status == 200)
            let model = try #require(try await api.get("/api/models").json(KnownModelList.self).models.first)
            #expect(model.id == "tiny")
            #expect(model.path == "/models/tiny.gguf")
            #expect(model.placed)
            #expect(model.devices.map(\.shards) == [5])

            let unloaded = try await api.post("/api/models/unload", "{}")
            #expect(try unloaded.json(UnloadBody.self).unloaded == "tiny")
            #expect(try await api.post("/v1/completions", ask).status == 503)
            #expect(try await api.post("/api/models/unload", "{}").status == 503)
        }
    }

    @Test func `what is wrong with the file is the status`() async throws {
        try await Placing().live { api in
            let missing = try await api.post("/api/models/place", #"{"path": "/models/other.gguf"}"#)
            #expect(missing.status == 400)
            #expect(missing.error?.code == "model_unusable")
            #expect(missing.error?.message.contains("no such file") == true)
            let relative = try await api.post("/api/models/place", #"{"path": "tiny.gguf"}"#)
            #expect(relative.status == 400)
            #expect(relative.error?.parameter == "path")
            #expect(try await api.post("/api/models/place", "{}").status == 400)
        }
    }

    @Test func `what would be placed is told, with what is wished, and nothing is placed`() async throws {
        try await Placing().live { api in
            let wish = #"{"path": "/models/tiny.gguf", "objective": "latency", "max_devices": 1, "exclude": ["w1"]}"#
            let response = try await api.post("/api/models/plan", wish)
            #expect(response.status == 200)
            #expect(response.body.contains("\"seconds_to_first_token\":"))
            let body = try PlanBody.decoded(Data(response.body.utf8))
            #expect(body.model == "tiny")
            #expect(body.plan?.stages.last?.head == true)
            #expect(body.shortfall == nil)
            #expect(try await api.get("/api/models").json(KnownModelList.self).models == [])
            #expect(try await api.post("/api/models/plan", #"{"path": "tiny.gguf"}"#).error?.parameter == "path")
            let wrong = try await api.post("/api/models/plan", #"{"path": "/models/tiny.gguf", "context": "x"}"#)
            #expect(wrong.status == 400)
            #expect(wrong.error?.parameter == "context")
        }
    }

    @Test func `a request has its wishes beside the path`() throws {
        var wishes = PlacementWishes()
        wishes.keyValueType = "q8_0"
        wishes.useCoordinator = true
        let text = try String(decoding: JSONEncoder().encode(PlaceRequest(path: "/m", wishes: wishes)), as: UTF8.self)
        #expect(text.contains("\"kv_type\":\"q8_0\"") && text.contains("\"use_coordinator\":true"))
        let read = try JSONDecoder().decode(PlaceRequest.self, from: Data(text.utf8))
        #expect(read.path == "/m" && read.wishes == wishes)
        #expect(try JSONDecoder().decode(PlaceRequest.self, from: Data(#"{"path": "/m"}"#.utf8)).wishes.isEmpty)
    }

    @Test func `what fails later is the last event`() async throws {
        let placing = try await Placing()
        await placing.cluster.workers[0].kill()
        try await placing.live { api in
            let response = try await api.post("/api/models/place", Self.place)
            #expect(response.status == 200)
            #expect(response.body.contains("event: error"))
            #expect(response.body.contains("model_not_ready"))
            let health = try await api.get("/health").json(HealthBody.self)
            #expect(health.message?.contains("tiny could not be placed") == true)
        }
    }

    @Test func `pages of browsers can neither place nor unload`() async throws {
        try await Placing().live { api in
            for path in ["/api/models/place", "/api/models/plan", "/api/models/unload"] {
                // As a form, which browsers send to any site unasked.
                let form = try await api.post(path, Self.place, [.contentType: "text/plain"])
                #expect(form.status == 415, "\(path)")
            }
            #expect(try await api.get("/api/models").json(KnownModelList.self).models == [])
        }
    }

    @Test func `clients that are not known to be on this machine can neither place nor unload, nor see paths`()
        async throws
    {
        // Without a socket nobody can tell where the client is.
        let api = try await TestAPI()
        for path in ["/api/models/place", "/api/models/plan", "/api/models/unload"] {
            let response = try await api.post(path, Self.place)
            #expect(response.status == 403, "\(path)")
            #expect(response.error?.code == "not_local", "\(path)")
        }
        let models = try await api.get("/api/models").json(KnownModelList.self).models
        #expect(models.map(\.id) == ["tiny"])
        #expect(models.map(\.path) == [nil])
        await api.cluster.stop()
    }
}
