/// The body of `POST /v1/chat/completions`.
package struct ChatCompletionRequest: Decodable, Sendable, Equatable {
    package var messages: [ChatMessage]
    package var fields: GenerationFields

    enum CodingKeys: String, CodingKey {
        case messages
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        messages = try container.decode([ChatMessage].self, forKey: .messages)
        guard !messages.isEmpty else {
            throw DecodingError.dataCorruptedError(
                forKey: .messages, in: container, debugDescription: "must hold at least one message")
        }
        fields = try GenerationFields(from: decoder)
    }
}
