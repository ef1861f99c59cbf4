import API
import CoordinatorCore
import TestSupport
import Testing

/// The routes that only tell, and the paths and methods that are none.
@Suite(.timeLimit(.minutes(10)))
struct InformationRoutesTests {
    private struct Model: Decodable, Equatable {
        var id: String
        var object: String
        var ownedBy: String
        var contextLength: Int

        enum CodingKeys: String, CodingKey {
            case id, object
            case ownedBy = "owned_by"
            case contextLength = "context_length"
        }
    }

    private struct Models: Decodable {
        var object: String
        var data: [Model]
    }

    @Test func `the served model is listed and found by its id`() async throws {
        let api = try await TestAPI(context: 100)
        let model = Model(id: "tiny", object: "model", ownedBy: "shoal", contextLength: 100)
        let list = try await api.get("/v1/models")
        #expect(list.status == 200)
        #expect(try list.json(Models.self).object == "list")
        #expect(try list.json(Models.self).data == [model])
        for name in ["tiny", "default", "t%69ny"] {
            #expect(try await api.get("/v1/models/\(name)").json(Model.self) == model, "\(name)")
        }
        let other = try await api.get("/v1/models/other")
        #expect(other.status == 404)
        #expect(other.error?.code == "model_not_found")
        await api.cluster.stop()
    }

    @Test func `health is 503 until a model answers, and again when it is over`() async throws {
        let api = try await TestAPI(started: false)
        let before = try await api.get("/health")
        #expect(before.status == 503)
        #expect(before.headers["retry-after"] == "2")
        #expect(try before.json(HealthBody.self).status == "starting")
        #expect(try before.json(HealthBody.self).message == "not started")
        try await api.cluster.coordinator.start()
        let ready = try await api.get("/health")
        #expect(ready.status == 200)
        #expect(try ready.json(HealthBody.self).status == "ok")
        await api.cluster.stop()
        let after = try await api.get("/health")
        #expect(after.status == 503)
        #expect(try after.json(HealthBody.self).status == "unavailable")
    }

    @Test func `the cluster is told with its devices and stages`() async throws {
        let api = try await TestAPI(context: 100)
        let response = try await api.get("/api/cluster")
        #expect(response.status == 200)
        let body = try response.json(ClusterBody.self)
        #expect(body.status.status == "ok")
        #expect(body.model?.id == "tiny")
        #expect(body.model?.architecture == "llama")
        #expect(body.model?.context == 100)
        #expect(body.model?.layers == 4)
        #expect(body.epoch == 1)
        #expect(body.runningSequences == 0)
        #expect(body.devices.map(\.name) == ["w1", LocalCluster.ownDevice])
        #expect(body.devices.map(\.connected) == [true, true])
        #expect(body.devices.last?.address == "in process")
        #expect(body.devices.allSatisfy { $0.weightBytes ?? 0 > 0 })
        #expect(body.stages.first?.embedding == true)
        #expect(body.stages.last?.head == true)
        #expect(body.stages.flatMap { Array($0.firstLayer..<$0.lastLayer) } == [0, 1, 2, 3])
        #expect(body.unused == [])
        #expect(body.stages.allSatisfy { $0.work?.steps == 0 })
        #expect(body.speed.steps == 0)
        #expect(body.speed.tokensPerSecond == nil)
        #expect(body.speed.prediction?.streams == 4)
        #expect(!body.speed.profilesAreStale)
        #expect(body.links == [])
        await api.cluster.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `devices and links are measured on request`() async throws {
        let cluster = try await LocalCluster.prepare(workers: 1)
        let server = try await TestServer(cluster.coordinator)
        #expect(try await server.post("/api/cluster/measure", "{}").status == 503)
        try await cluster.coordinator.start()
        let response = try await server.post("/api/cluster/measure", "{}")
        #expect(response.status == 200)
        let body = try response.json(ClusterBody.self)
        #expect(body.links.map { [$0.from, $0.to] } == [["w1", LocalCluster.ownDevice]])
        for device in body.devices {
            let profile = try #require(device.profile)
            #expect(profile.readBytesPerSecond > 0)
            #expect(profile.rate(of: "Q4_0", rows: 1) ?? 0 > 0)
        }
        await server.stop()
        await cluster.stop()
    }

    @Test func `an unknown path is 404 and a wrong method 405`() async throws {
        let api = try await TestAPI(started: false)
        for path in ["/", "/v1", "/v1/unknown", "/v1/chat/completions/x"] {
            let response = try await api.get(path)
            #expect(response.status == 404, "\(path)")
            #expect(response.error?.code == "unknown_url", "\(path)")
        }
        for (path, allowed) in [
            ("/v1/chat/completions", "POST"), ("/v1/completions", "POST"), ("/api/models/place", "POST"),
            ("/api/models/unload", "POST"),
        ] {
            let response = try await api.get(path)
            #expect(response.status == 405, "\(path)")
            #expect(response.headers["allow"] == allowed, "\(path)")
            #expect(response.error?.code == "method_not_allowed", "\(path)")
        }
        for path in ["/v1/models", "/health", "/api/cluster", "/api/models", "/v1/models/tiny"] {
            let response = try await api.post(path, "{}")
            #expect(response.status == 405, "\(path)")
            #expect(response.headers["allow"] == "GET", "\(path)")
        }
        await api.cluster.stop()
    }
}
