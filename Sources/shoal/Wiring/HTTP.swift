import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1

/// Requests to a coordinator's API.
enum HTTP {
    /// Says at once that nobody listens; the shared client tries again for a minute and a half. Lives as long as the process.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10)))
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(configuration: configuration)
    }()

    /// - Throws: `CommandError` when nobody answers or the answer is an error.
    static func get(_ url: String) async throws -> Data {
        let response = try await send(HTTPClientRequest(url: url), to: url)
        return Data(buffer: try await response.body.collect(upTo: 16 << 20))
    }

    /// Whether somebody answers there at all, whatever it is.
    static func answers(_ url: String) async -> Bool {
        (try? await client.execute(HTTPClientRequest(url: "\(url)/health"), timeout: .seconds(10))) != nil
    }

    /// Posts nothing.
    ///
    /// - Throws: as `get`.
    static func post(_ url: String) async throws -> Data {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        let response = try await send(request, to: url)
        return Data(buffer: try await response.body.collect(upTo: 16 << 20))
    }

    /// Posts JSON.
    ///
    /// - Throws: `CommandError` when nobody answers or the answer is an error.
    static func post(_ url: String, _ body: some Encodable) async throws -> Data {
        let response = try await send(try request(url, body), to: url)
        return Data(buffer: try await response.body.collect(upTo: 16 << 20))
    }

    private static func request(_ url: String, _ body: some Encodable) throws -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(data: try JSONEncoder().encode(body)))
        return request
    }

    /// Posts JSON and gives the lines of the answer's event stream, without `data: `, until `[DONE]`.
    static func events(_ url: String, _ body: some Encodable) async throws -> AsyncThrowingStream<Data, any Error> {
        let response = try await send(try request(url, body), to: url)
        return AsyncThrowingStream { continuation in
            let reading = Task {
                do {
                    var rest = Data()
                    for try await part in response.body {
                        rest.append(contentsOf: part.readableBytesView)
                        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                            let line = rest[rest.startIndex..<end]
                            rest = Data(rest[rest.index(after: end)...])
                            guard line.starts(with: Data("data: ".utf8)) else { continue }
                            let event = Data(line.dropFirst(6))
                            if event.starts(with: Data("[DONE]".utf8)) { return continuation.finish() }
                            continuation.yield(event)
                        }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: CommandError("the answer broke off: \(error)"))
                }
            }
            continuation.onTermination = { _ in reading.cancel() }
        }
    }

    private static func send(_ request: HTTPClientRequest, to url: String) async throws -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: .hours(1))
        } catch {
            throw CommandError(
                "no coordinator answers at \(url) (\(reason(error))): is `shoal serve` running there? Name another with --server URL"
            )
        }
        guard response.status == .ok else {
            let body = (try? await response.body.collect(upTo: 1 << 16)).map { Data(buffer: $0) } ?? Data()
            let message = (try? JSONDecoder().decode(ErrorDocument.self, from: body))?.error.message
            throw CommandError(
                "\(url) answered \(response.status.code): \(message ?? String(decoding: body.prefix(200), as: UTF8.self))"
            )
        }
        return response
    }

    /// The cause in the system's words.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError, error.errnoCode != 0 else { return "\(error)" }
        return String(cString: strerror(error.errnoCode)).lowercased()
    }

    private struct ErrorDocument: Decodable {
        struct Body: Decodable { var message: String }
        var error: Body
    }
}
