import API
import CoordinatorCore
import Foundation
import TestSupport
import Testing

/// What HTTP/1.1 asks of a server besides answers: hosts that are named, words in between, clients that have said all.
@Suite(.timeLimit(.minutes(10))) struct HalfClosedTests {
    private func live(_ body: (LocalCluster, Int) async throws -> Void) async throws {
        let cluster = try await LocalCluster.start(workers: 1, context: 1 << 14)
        let server = try await TestServer(cluster.coordinator)
        try await body(cluster, server.port)
        await server.stop()
        await cluster.stop()
    }

    private func request(_ body: String, version: String = "1.1", headers: String = "") -> String {
        "POST /v1/completions HTTP/\(version)\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n"
    }

    @Test(arguments: [true, false])
    func `a client that closes its sending side gets its answer`(stream: Bool) async throws {
        try await live { _, port in
            let client = try TestConnection(port: port)
            let body = #"{"prompt": "Hello", "max_tokens": 300, "ignore_eos": true, "stream": \#(stream)}"#
            await client.send(request(body) + body)
            client.endSending()
            let answer = await client.read(until: "nothing that is sent")
            #expect(answer.contains("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains(stream ? "[DONE]" : #""completion_tokens":300"#), "\(answer.suffix(300))")
            client.close()
        }
    }

    @Test func `several requests before that are all answered`() async throws {
        try await live { _, port in
            let client = try TestConnection(port: port)
            let body = #"{"prompt": "Hello", "max_tokens": 50, "ignore_eos": true}"#
            await client.send(request(body) + body + request(body) + body)
            client.endSending()
            let answer = await client.read(until: "nothing that is sent")
            #expect(answer.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 3)
            client.close()
        }
    }

    @Test func `a client in HTTP 1.0 that has said all counts as gone`() async throws {
        try await live { cluster, port in
            let client = try TestConnection(port: port)
            let body = #"{"prompt": "Hello", "max_tokens": 10000, "ignore_eos": true}"#
            await client.send(request(body, version: "1.0") + body)
            while await cluster.coordinator.report().runningSequences == 0 {
                try await Task.sleep(for: .milliseconds(2))
            }
            client.endSending()
            try await cluster.coordinator.becomesIdle()
            client.close()
        }
    }

    @Test func `a request in HTTP 1.1 names its host, once`() async throws {
        try await live { _, port in
            for (head, status) in [
                ("GET /health HTTP/1.1\r\n\r\n", 400),
                ("GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
                ("GET /health HTTP/1.0\r\n\r\n", 200),
            ] {
                let client = try TestConnection(port: port)
                await client.send(head)
                #expect(
                    await client.read(until: "}").hasPrefix("HTTP/1.1 \(status) "), "\(head)")
                client.close()
            }
            // In HTTP 1.0 an answer ends with its connection.
            let old = try TestConnection(port: port)
            await old.send("GET /health HTTP/1.0\r\n\r\n")
            #expect(await old.isClosed())
            old.close()
            // Behind another one it is told in its turn.
            let client = try TestConnection(port: port)
            await client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health HTTP/1.1\r\n\r\n")
            let answers = await client.read(until: "invalid_http")
            #expect(answers.hasPrefix("HTTP/1.1 200 ") && answers.contains("HTTP/1.1 400 "))
            #expect(await client.isClosed())
            client.close()
        }
    }

    @Test func `a client that waits to be told to send its body is told`() async throws {
        try await live { _, port in
            let client = try TestConnection(port: port)
            let body = #"{"prompt": "Hello", "max_tokens": 2}"#
            for _ in 0..<2 {
                await client.send(request(body, headers: "Expect: 100-continue\r\n"))
                #expect(await client.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                await client.send(body)
                #expect(await client.read(until: "usage").hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
            client.close()
            // One that is too large is told so before it is sent.
            let large = try TestConnection(port: port)
            await large.send(
                "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(await large.read(until: "}}").hasPrefix("HTTP/1.1 413 "))
            large.close()
        }
    }
}
