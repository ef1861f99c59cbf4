import API
import CoordinatorCore
import TestSupport
import Testing

/// What a browser's page gets on the wire.
@Suite(.timeLimit(.minutes(10))) struct SiteMiddlewareTests {
    private let question = #"{"prompt": "Hello", "max_tokens": 2, "temperature": 0}"#

    private func live(
        access: AccessControl = .withoutKeys, sites: SitePolicy = SitePolicy(),
        _ body: (_ ask: (_ head: String, _ body: String?) async throws -> String) async throws -> Void
    ) async throws {
        let cluster = try await LocalCluster.start(workers: 1, context: 256)
        let server = try await TestServer(cluster.coordinator, access: access, sites: sites)
        try await body { head, body in
            let client = try TestConnection(port: server.port)
            let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
            await client.send("\(head)\r\n\(length)Connection: close\r\n\r\n\(body ?? "")")
            defer { client.close() }
            return await client.read(until: "nothing that is sent")
        }
        await server.stop()
        await cluster.stop()
    }

    @Test func `another name, another site and another type of body are refused where no key is asked for`()
        async throws
    {
        try await live { ask in
            let models = "GET /v1/models HTTP/1.1\r\n"
            #expect(try await ask("\(models)Host: localhost", nil).hasPrefix("HTTP/1.1 200 "))
            let rebound = try await ask("\(models)Host: evil.com:8080", nil)
            #expect(rebound.hasPrefix("HTTP/1.1 403 ") && rebound.contains("--allow-host"))
            let foreign = try await ask("\(models)Host: localhost\r\nOrigin: https://evil.com", nil)
            #expect(foreign.hasPrefix("HTTP/1.1 403 ") && foreign.contains("--allow-origin"))
            #expect(!foreign.lowercased().contains("access-control-allow-origin"))
            #expect(
                try await ask("\(models)Host: localhost\r\nSec-Fetch-Site: cross-site", nil).hasPrefix("HTTP/1.1 403 "))
            let post = "POST /v1/completions HTTP/1.1\r\nHost: localhost"
            #expect(
                try await ask("\(post)\r\nContent-Type: application/json; charset=utf-8", question).hasPrefix(
                    "HTTP/1.1 200 "))
            for type in [
                "", "\r\nContent-Type: text/plain", "\r\nContent-Type: application/x-www-form-urlencoded",
                "\r\nContent-Type: application/jsonp",
            ] {
                let answer = try await ask(post + type, question)
                #expect(answer.hasPrefix("HTTP/1.1 415 ") && answer.contains("application/json"), "\(type)")
            }
            // Whether the server is up is for anybody.
            #expect(try await ask("GET /health HTTP/1.1\r\nHost: evil.com", nil).hasPrefix("HTTP/1.1 200 "))
            #expect(
                try await ask(
                    "OPTIONS /v1/models HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.com\r\nAccess-Control-Request-Method: GET",
                    nil
                )
                .hasPrefix("HTTP/1.1 403 "))
        }
    }

    @Test func `where a key is asked for names do not matter`() async throws {
        let keys = TestKeys()
        let secret = keys.add("phone")
        try await live(access: keys.access()) { ask in
            let models = "GET /v1/models HTTP/1.1\r\nHost: any.example"
            let known = "\(models)\r\nAuthorization: Bearer \(secret)"
            for (head, status) in [(models, 401), (known, 200), ("\(known)\r\nOrigin: https://evil.com", 403)] {
                let answer = try await ask(head, nil)
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            }
        }
    }

    @Test func `a page that is allowed asks before, without a key, and may read every answer`() async throws {
        let keys = TestKeys()
        let secret = keys.add("phone")
        try await live(access: keys.access(), sites: SitePolicy(origins: ["https://ui.example"])) { ask in
            let page = "Host: localhost\r\nOrigin: https://ui.example"
            let before = try await ask(
                "OPTIONS /v1/completions HTTP/1.1\r\n\(page)\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,content-type,x-stainless-os",
                nil
            ).lowercased()
            #expect(before.hasPrefix("http/1.1 204 "))
            for header in [
                "access-control-allow-origin: https://ui.example", "access-control-allow-methods: post",
                "access-control-allow-headers: authorization,content-type,x-stainless-os",
                "access-control-max-age: 600", "vary: origin",
            ] {
                #expect(before.contains("\r\n\(header)\r\n"), "\(before)")
            }
            let post = "POST /v1/completions HTTP/1.1\r\n\(page)\r\nContent-Type: application/json"
            let stream = #"{"prompt": "Hello", "max_tokens": 2, "stream": true}"#
            for (head, body, status) in [
                ("\(post)\r\nAuthorization: Bearer \(secret)", question, 200),
                ("\(post)\r\nAuthorization: Bearer \(secret)", stream, 200), (post, question, 401),
                ("\(post)\r\nAuthorization: Bearer \(secret)", "{", 400),
                ("GET /nowhere HTTP/1.1\r\n\(page)\r\nAuthorization: Bearer \(secret)", nil, 404),
            ] as [(String, String?, Int)] {
                let answer = try await ask(head, body).lowercased()
                #expect(answer.hasPrefix("http/1.1 \(status) "), "\(answer)")
                #expect(answer.contains("\r\naccess-control-allow-origin: https://ui.example\r\n"))
                #expect(answer.contains("\r\nvary: origin\r\n"))
            }
        }
    }
}
