/// The answer of `POST /v1/completions`, and each event when it is streamed: the shape is the same.
package struct TextCompletion: Encodable, Sendable {
    package struct Choice: Encodable, Sendable {
        package var index = 0
        package var text: String
        /// Written as null until the last chunk.
        package var finishReason: String?

        enum CodingKeys: String, CodingKey {
            case index, text, logprobs
            case finishReason = "finish_reason"
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(index, forKey: .index)
            try container.encode(text, forKey: .text)
            try container.encodeNil(forKey: .logprobs)
            try container.encode(finishReason, forKey: .finishReason)
        }
    }

    package var id: String
    package var object = "text_completion"
    /// Seconds since 1970.
    package var created: Int
    package var model: String
    /// One choice; none in the chunk with the usage.
    package var choices: [Choice]
    package var usage: UsageBody?
}
