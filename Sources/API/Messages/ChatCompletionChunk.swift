/// One event of a streamed answer of `POST /v1/chat/completions`.
package struct ChatCompletionChunk: Encodable, Sendable {
    package struct Choice: Encodable, Sendable {
        package var index = 0
        package var delta: Delta
        /// Written as null until the last chunk.
        package var finishReason: String?

        enum CodingKeys: String, CodingKey {
            case index, delta
            case finishReason = "finish_reason"
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(index, forKey: .index)
            try container.encode(delta, forKey: .delta)
            try container.encode(finishReason, forKey: .finishReason)
        }
    }

    package struct Delta: Encodable, Sendable {
        package var role: String?
        package var content: String?
    }

    package var id: String
    package var object = "chat.completion.chunk"
    /// Seconds since 1970.
    package var created: Int
    package var model: String
    /// One choice; none in the chunk with the usage.
    package var choices: [Choice]
    package var usage: UsageBody?
}
