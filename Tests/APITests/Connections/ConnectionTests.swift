import API
import CoordinatorCore
import NIOCore
import TestSupport
import Testing

/// Clients that send too slowly, too much, or nothing, and that another one gets its answers meanwhile.
@Suite(.timeLimit(.minutes(10))) struct ConnectionTests {
    private func live(
        limits: ConnectionLimits = long, context: Int = 256, _ body: @Sendable (LocalCluster, Int) async throws -> Void
    ) async throws {
        let cluster = try await LocalCluster.start(workers: 1, context: context)
        let server = try await TestServer(cluster.coordinator, limits: limits)
        try await body(cluster, server.port)
        try await answers(server.port)
        await server.stop()
        await cluster.stop()
    }

    /// A client of the usual kind gets an answer; one whose machine is too busy for the limits asks again.
    private func answers(_ port: Int) async throws {
        var answer = ""
        while answer.isEmpty {
            let client = try TestConnection(port: port)
            await client.post("/v1/completions", #"{"prompt": "Hello", "max_tokens": 2}"#)
            answer = await client.read(until: "usage")
            client.close()
        }
        #expect(answer.contains("200 OK"))
    }

    /// What no client of a test exceeds, however busy the machine is.
    private static let long = {
        var limits = ConnectionLimits()
        limits.firstRequest = .minutes(10)
        limits.idle = .minutes(10)
        limits.body = .minutes(10)
        limits.stalled = .minutes(10)
        return limits
    }()

    @Test func `who sends nothing, half a head or half a body is closed`() async throws {
        var limits = Self.long
        limits.firstRequest = .seconds(1)
        limits.body = .seconds(1)
        try await live(limits: limits) { _, port in
            for text in [
                "", "G", "GET /health HTTP/1.1\r\nHost: localhost\r\n",
                "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
                "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
            ] {
                let slow = try TestConnection(port: port)
                await slow.send(text)
                try await answers(port)
                #expect(await slow.isClosed(), "\(text)")
                slow.close()
            }
        }
    }

    @Test func `a head that drips does not gain time`() async throws {
        var limits = Self.long
        limits.firstRequest = .seconds(1)
        limits.headerFields = 1 << 20
        limits.headBytes = 1 << 30
        try await live(limits: limits) { _, port in
            let slow = try TestConnection(port: port)
            await slow.send("GET /health HTTP/1.1\r\n")
            // Until it is closed, which it never is where each drop brings more time.
            while await slow.send("X: y\r\n") { try await Task.sleep(for: .milliseconds(20)) }
            slow.close()
        }
    }

    @Test func `a connection serves one request after the other`() async throws {
        try await live { _, port in
            let client = try TestConnection(port: port)
            for _ in 0..<5 {
                await client.get("/health")
                #expect(await client.read(until: "ok").contains("200 OK"))
            }
            client.close()
        }
    }

    @Test func `a connection that is idle after its answer is closed`() async throws {
        var limits = Self.long
        limits.idle = .milliseconds(500)
        try await live(limits: limits) { _, port in
            let client = try TestConnection(port: port)
            await client.get("/health")
            #expect(await client.read(until: "ok").contains("200 OK"))
            #expect(await client.isClosed())
            client.close()
        }
    }

    @Test func `an answer may take longer than any of it`() async throws {
        var limits = Self.long
        limits.idle = .milliseconds(500)
        limits.body = .milliseconds(500)
        try await live(limits: limits, context: 1 << 18) { cluster, port in
            let client = try TestConnection(port: port)
            await client.post(
                "/v1/completions", #"{"prompt": "Hello", "max_tokens": 10000, "ignore_eos": true, "stream": true}"#)
            #expect(await client.read(until: "[DONE]").contains("[DONE]"))
            client.close()
        }
    }

    @Test func `a client that takes nothing is given up, and its slot is free`() async throws {
        var limits = Self.long
        limits.stalled = .seconds(1)
        try await live(limits: limits, context: 1 << 18) { cluster, port in
            let client = try TestConnection(port: port, receiving: 4096)
            await client.post("/v1/completions", #"{"prompt": "Hello", "ignore_eos": true, "stream": true}"#)
            while await cluster.coordinator.report().runningSequences == 0 {
                try await Task.sleep(for: .milliseconds(1))
            }
            try await cluster.coordinator.becomesIdle()
            // It was cut, not finished.
            #expect(await !client.read(until: "[DONE]").contains("[DONE]"))
            client.close()
        }
    }

    @Test func `a head that is too large is told so`() async throws {
        try await live { _, port in
            let long = String(repeating: "a", count: 20_000)
            for head in [
                "GET /\(long) HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(long)\r\n\r\n",
                "GET / HTTP/1.1\r\n" + (0..<101).map { "X-\($0): y\r\n" }.joined() + "\r\n",
                "GET / HTTP/1.1\r\n" + (0..<3).map { "X-\($0): \(long.prefix(14_000))\r\n" }.joined() + "\r\n",
            ] {
                let client = try TestConnection(port: port)
                await client.send(head)
                let answer = await client.read(until: "}}")
                #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer.prefix(100))")
                #expect(answer.contains("headers_too_large"))
                #expect(await client.isClosed())
                client.close()
            }
        }
    }

    @Test func `what is no HTTP is told so`() async throws {
        try await live { _, port in
            for text in ["\u{16}\u{3}\u{1}\0\0\0\0\0", "hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
                let client = try TestConnection(port: port)
                await client.send(text)
                let answer = await client.read(until: "}}")
                #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(text): \(answer.prefix(100))")
                #expect(await client.isClosed())
                client.close()
            }
        }
    }

    @Test func `a body without an end is cut`() async throws {
        try await live { _, port in
            let client = try TestConnection(port: port)
            await client.send("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "10000\r\n" + String(repeating: " ", count: 0x10000) + "\r\n"
            var sent = 0
            while sent < 2000, await client.send(chunk) { sent += 1 }
            // Twice what is read, and what lies in buffers.
            #expect(sent >= 16 && sent < 1000)
            client.close()
        }
    }

    @Test func `idle connections give way, however many, and answers go on`() async throws {
        var limits = Self.long
        limits.total = 20
        try await live(limits: limits, context: 1 << 18) { _, port in
            let busy = try TestConnection(port: port)
            await busy.post(
                "/v1/completions", #"{"prompt": "Hello", "max_tokens": 10000, "ignore_eos": true, "stream": true}"#)
            #expect(await busy.read(until: "data: ").contains("200 OK"))
            var idle: [TestConnection] = []
            for round in 0..<300 {
                idle.append(try TestConnection(port: port))
                if round % 50 == 49 { try await answers(port) }
            }
            #expect(await idle[0].isClosed())
            #expect(await idle[250].isClosed())
            #expect(await busy.read(until: "[DONE]").contains("[DONE]"))
            for connection in idle { connection.close() }
            busy.close()
        }
    }
}
