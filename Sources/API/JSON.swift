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
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let buffer = ByteBuffer(bytes: try JSONEncoder.api.encode(value))
        return Response(
            status: status,
            headers: [.contentType: "application/json; charset=utf-8", .contentLength: "\(buffer.readableBytes)"],
            body: ResponseBody(byteBuffer: buffer))
    }
}

extension Request {
    /// The most bytes a request's body may have: above any context in tokens, and the decoder takes up to 48 times as much memory.
    static let maximumBodyBytes = 1 << 20

    /// Reads the body as JSON.
    /// - Throws: `APIError` for a body that is too large or absent, that is no JSON, or has a field of a wrong type.
    func json<Value: Decodable>(_ type: Value.Type) async throws -> Value {
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: Self.maximumBodyBytes)
        } catch is NIOTooManyBytesError {
            throw APIError.invalidRequest(
                "the body is larger than 1 MiB", code: "request_too_large", status: .contentTooLarge)
        }
        guard buffer.readableBytes > 0 else {
            throw APIError.invalidRequest("the body is empty; it must be a JSON object", code: "invalid_json")
        }
        return try Value.decoded(fromJSON: buffer.readableBytesView)
    }
}

extension Decodable {
    /// Reads a value from JSON.
    package static func decoded(fromJSON bytes: some Sequence<UInt8>) throws(APIError) -> Self {
        do {
            return try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw APIError(error)
        } catch {
            throw .invalidRequest("the body is not valid JSON: \(error)", code: "invalid_json")
        }
    }
}
