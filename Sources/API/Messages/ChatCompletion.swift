/// The answer of `POST /v1/chat/completions` in one piece.
package struct ChatCompletion: Encodable, Sendable {
    package struct Choice: Encodable, Sendable {
        package var index = 0
        package var message: Message
        package var finishReason: String

        enum CodingKeys: String, CodingKey {
            case index, message
            case finishReason = "finish_reason"
        }
    }

    package struct Message: Encodable, Sendable {
        package var role = "assistant"
        package var content: String
    }

    package var id: String
    package var object = "chat.completion"
    /// Seconds since 1970.
    package var created: Int
    package var model: String
    package var choices: [Choice]
    package var usage: UsageBody
}
