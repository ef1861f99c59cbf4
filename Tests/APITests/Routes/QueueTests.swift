import API
import CoordinatorCore
import TestSupport
import Testing

/// What clients that wait are told, and what they are told afterwards.
@Suite(.timeLimit(.minutes(10)))
struct QueueTests {
    private func body(_ prompt: String, stream: Bool = false, most: Int = 4) -> String {
        #"{"prompt": "\#(prompt)", "max_tokens": \#(most), "temperature": 0, "stream": \#(stream), "user": "\#(prompt)"}"#
    }

    @Test func `a stream that waits gets comments, a full queue is 503, and the cluster tells who waits`() async throws
    {
        let api = try await TestAPI(context: 1 << 18, slots: 1, queue: 1)
        let coordinator = api.cluster.coordinator
        let long = try await api.occupySlot()
        let server = try await TestServer(coordinator)
        let waiting = try TestConnection(port: server.port)
        await waiting.post("/v1/completions", body("Hello", stream: true))
        while await coordinator.report().waitingSequences == 0 { try await Task.sleep(for: .milliseconds(2)) }
        let refused = try await api.post("/v1/completions", body("world"))
        #expect(refused.status == 503)
        #expect(refused.error?.code == "queue_full")
        #expect(refused.headers["retry-after"] == "10")
        let cluster = try await api.get("/api/cluster").json(ClusterBody.self)
        let (scheduler, pages) = (try #require(cluster.scheduler), try #require(cluster.keyValuePages))
        #expect(scheduler.running == 1)
        #expect(scheduler.slots == 1)
        #expect(scheduler.queueLimit == 1)
        // Of where it comes from, not of whom it names.
        #expect(scheduler.waiting.map(\.client) == ["local"])
        #expect(scheduler.waiting.map(\.position) == [0])
        #expect(pages.used > 0)
        #expect(pages.total == (1 << 18) / 64)
        // It is told its place, and reminded of it.
        let comment = ": queued, 0 before you\n\n"
        var told = ""
        while told.ranges(of: comment).count < 2 {
            let part = await waiting.read(until: comment)
            try #require(!part.isEmpty)
            told += part
        }
        #expect(told.hasPrefix("HTTP/1.1 200 "))
        long.cancel()
        #expect(await waiting.read(until: "[DONE]").contains("[DONE]"))
        waiting.close()
        _ = await long.result
        await server.stop()
        await api.cluster.stop()
    }

    @Test func `a client whose requests fill the queue makes room for another`() async throws {
        let keys = TestKeys()
        let (hello, world) = (keys.add("hello"), keys.add("world"))
        let api = try await TestAPI(context: 1 << 18, slots: 1, queue: 3, access: keys.access())
        let coordinator = api.cluster.coordinator
        let long = try await api.occupySlot()
        let many = (0..<3).map { _ in Task { try await api.post("/v1/completions", body("Hello"), key: hello) } }
        while await coordinator.report().waitingSequences < 3 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(try await api.post("/v1/completions", body("Hello"), key: hello).status == 503)
        async let few = api.post("/v1/completions", body("world"), key: world)
        while await coordinator.report().scheduler?.waiting.contains(where: { $0.client == "key world" }) != true {
            try await Task.sleep(for: .milliseconds(2))
        }
        // One of each two waits: who has no fewer than another gets nobody's place.
        #expect(await coordinator.report().waitingSequences == 3)
        #expect(try await api.post("/v1/completions", body("world"), key: world).status == 503)
        long.cancel()
        #expect(try await few.status == 200)
        var answers: [Answered] = []
        for request in many { answers.append(try await request.value) }
        #expect(answers.map(\.status).sorted() == [200, 200, 503])
        #expect(answers.first { $0.status == 503 }?.error?.code == "queue_full")
        _ = await long.result
        await api.cluster.stop()
    }

    @Test func `tokens whose cache is there are counted`() async throws {
        let api = try await TestAPI(context: 512)
        let text = String(repeating: "one two three four five six ", count: 8)
        var cached: [Int] = []
        for _ in 0..<2 {
            let answer = try await api.post("/v1/completions", body(text)).json(ReadText.self)
            cached.append(answer.usage?.promptTokensDetails.cachedTokens ?? -1)
            if cached.count == 2 { #expect(cached == [0, (answer.usage?.promptTokens ?? 0) - 1]) }
        }
        let cluster = try await api.get("/api/cluster").json(ClusterBody.self)
        let (scheduler, pages) = (try #require(cluster.scheduler), try #require(cluster.keyValuePages))
        #expect(scheduler.cachedTokens == cached[1])
        #expect(pages.used == 0)
        #expect(pages.dormant > 0)
        await api.cluster.stop()
    }
}
