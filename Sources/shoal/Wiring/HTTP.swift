import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1
import NIOSSL

/// Requests to a coordinator's API. Lives as long as the process.
struct HTTP {
    private let server: ServerOptions
    private let client: HTTPClient

    /// - Throws: `CommandError` for a file of `--authority` that cannot be used.
    init(_ server: ServerOptions) throws {
        self.server = server
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10)))
        // Says at once that nobody listens, rather than to try again for a minute and a half.
        configuration.connectionPool.retryConnectionEstablishment = false
        // A key goes to whom it is meant for.
        configuration.redirectConfiguration = .disallow
        if let authority = server.authority {
            configuration.tlsConfiguration = try Self.trusting(authority)
        }
        client = HTTPClient(configuration: configuration)
        // A client that is freed must be shut down before; this one never is.
        _ = Unmanaged.passRetained(client)
    }

    /// Finds out whether requests are let in, before a person types anything.
    ///
    /// - Throws: `CommandError` when nobody answers, or a key is needed.
    func checkAccess() async throws { _ = try await get("/v1/models") }

    /// Whether somebody answers there at all, whatever it is.
    func answers() async -> Bool {
        (try? await client.execute(request("/health"), timeout: .seconds(10))) != nil
    }

    private static func trusting(_ file: String) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        do {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
        } catch {
            throw CommandError("\(file) cannot be used as --authority: \(error); give a PEM file with its certificate")
        }
        return configuration
    }

    /// - Throws: `CommandError` when nobody answers or the answer is an error.
    func get(_ path: String) async throws -> Data {
        let response = try await send(request(path))
        return Data(buffer: try await response.body.collect(upTo: 16 << 20))
    }

    /// Posts JSON.
    ///
    /// - Throws: `CommandError` when nobody answers or the answer is an error.
    func post(_ path: String, _ body: some Encodable = [String: String]()) async throws -> Data {
        let response = try await send(try request(path, body))
        return Data(buffer: try await response.body.collect(upTo: 16 << 20))
    }

    private func request(_ path: String) -> HTTPClientRequest {
        let way = server.way
        var request = HTTPClientRequest(url: "\(way.base)\(path)")
        if let key = way.key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
        return request
    }

    private func request(_ path: String, _ body: some Encodable) throws -> HTTPClientRequest {
        var request = request(path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(data: try JSONEncoder().encode(body)))
        return request
    }

    /// Posts JSON and gives the lines of the answer's event stream, without `data: `, until `[DONE]`.
    func events(_ path: String, _ body: some Encodable) async throws -> AsyncThrowingStream<Data, any Error> {
        Self.events(of: try await send(try request(path, body)))
    }

    /// The same of an answer that nothing is posted for.
    func events(_ path: String) async throws -> AsyncThrowingStream<Data, any Error> {
        Self.events(of: try await send(request(path)))
    }

    private static func events(of response: HTTPClientResponse) -> AsyncThrowingStream<Data, any Error> {
        AsyncThrowingStream { continuation in
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

    private func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: .hours(1))
        } catch {
            throw CommandError(
                "no coordinator answers at \(server.server) (\(Self.reason(error))): is `shoal serve` running there? Name another with --server URL or SHOAL_SERVER"
            )
        }
        guard response.status == .ok else {
            let body = (try? await response.body.collect(upTo: 1 << 16)).map { Data(buffer: $0) } ?? Data()
            // A coordinator says what is wrong, for people; whoever says something else is none.
            if let message = (try? JSONDecoder().decode(ErrorDocument.self, from: body))?.error.message {
                throw CommandError(message + (response.status == .unauthorized ? server.hintWithoutKey : ""))
            }
            throw CommandError(
                "\(server.server) answers as no coordinator does (\(response.status)): name yours with --server URL")
        }
        return response
    }

    /// The cause in the system's words.
    private static func reason(_ error: any Error) -> String {
        if error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError {
            return "\(error): is its certificate of an authority known here? Name another with --authority FILE"
        }
        guard let error = error as? IOError, error.errnoCode != 0 else { return "\(error)" }
        return String(cString: strerror(error.errnoCode)).lowercased()
    }

    private struct ErrorDocument: Decodable {
        struct Body: Decodable { var message: String }
        var error: Body
    }
}
