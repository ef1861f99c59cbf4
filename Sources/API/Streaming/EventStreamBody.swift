#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import Hummingbird

/// Server-sent events (WHATWG HTML, 9.2) as OpenAI's API uses them: one JSON value per event, `[DONE]` at the end.
enum EventStreamBody {
    /// One event with a JSON value.
    static func event(_ value: some Encodable, name: String? = nil) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        if let name { buffer.writeString("event: \(name)\n") }
        buffer.writeString("data: ")
        buffer.writeBytes(try JSONEncoder.api.encode(value))
        buffer.writeString("\n\n")
        return buffer
    }

    /// A comment, which clients skip; it shows that the answer is still to come.
    static func comment(_ text: String) -> ByteBuffer { ByteBuffer(string: ": \(text)\n\n") }

    /// What ends a stream that was answered in full.
    static var done: ByteBuffer { ByteBuffer(string: "data: [DONE]\n\n") }

    /// A response that writes events as they come.
    static func response(_ body: ResponseBody) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"],
            body: body)
    }
}
