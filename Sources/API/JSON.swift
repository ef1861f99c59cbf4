#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import Hummingbird
import NIOCore

extension JSONEncoder {
    /// Keys sorted, so that equal values are equal bytes; slashes as they are.
    static var api: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension Response {
    /// A response with a JSON body.
    static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, by encoder: JSONEncoder = .api
    ) throws -> Response {
        let buffer = ByteBuffer(bytes: try encoder.encode(value))
        return Response(
            status: status,
            headers: [.contentType: "application/json; charset=utf-8", .contentLength: "\(buffer.readableBytes)"],
            body: ResponseBody(byteBuffer: buffer))
    }
}

extension Request {
    /// Bytes up to which a body is read at once: about a millisecond.
    private static var lightBody: Int { 64 << 10 }

    /// Reads the body as JSON.
    /// - Parameter client: Whose request it is, for equal shares of the time that large bodies take.
    /// - Throws: `APIError` for a body that is too large or absent, that is no JSON, or has a field of a wrong type; 503 while too many
    ///   large ones are being read.
    func json<Value: Decodable & Sendable>(_ type: Value.Type, client: String = "local") async throws -> Value {
        let limit = ConnectionLimits.maximumBodyBytes
        let tooLarge = APIError.invalidRequest(
            "the body is larger than \(limit >> 20) MiB", code: "request_too_large", status: .contentTooLarge)
        // One of unknown length may become as long as any.
        let announced = headers[.contentLength].flatMap { Int($0) } ?? limit
        guard announced <= limit else { throw tooLarge }
        guard let memory = BodyMemory.standard.reserve(max(0, announced)) else {
            throw APIError.busy("too many large requests are being read")
        }
        defer { withExtendedLifetime(memory) {} }
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
        guard buffer.readableBytes > 0 else {
            throw APIError.invalidRequest("the body is empty; it must be a JSON object", code: "invalid_json")
        }
        guard buffer.readableBytes > Self.lightBody else {
            return try Value.decoded(fromJSON: buffer.readableBytesView)
        }
        return try await RequestThreads.standard.run(for: client) { _ throws(APIError) in
            try Value.decoded(fromJSON: buffer.readableBytesView)
        }
    }
}

extension Decodable {
    /// Reads a value from JSON.
    package static func decoded(fromJSON bytes: some Collection<UInt8>) throws(APIError) -> Self {
        try JSONBounds.check(bytes)
        do {
            let decoder = JSONDecoder()
            decoder.userInfo[.body] = OrderedBody(Array(bytes))
            return try decoder.decode(Self.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw APIError(error)
        } catch {
            throw .invalidRequest("the body is not valid JSON: \(error)", code: "invalid_json")
        }
    }
}
