import Sampling

/// What was said in a chat, and by whom.
struct ChatMessage: Codable {
    var role: String
    var content: String
}

/// What is asked of the coordinator.
struct ChatRequest: Encodable {
    struct StreamOptions: Encodable {
        var includeUsage = true

        enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
    }

    var messages: [ChatMessage]
    var stream = true
    var streamOptions = StreamOptions()
    var temperature: Float
    var topP: Float
    var topK: Int
    var minP: Float
    var repetitionPenalty: Float
    var seed: UInt64?
    var maxTokens: Int?

    enum CodingKeys: String, CodingKey {
        case messages, stream, temperature, seed
        case streamOptions = "stream_options"
        case topP = "top_p"
        case topK = "top_k"
        case minP = "min_p"
        case repetitionPenalty = "repetition_penalty"
        case maxTokens = "max_tokens"
    }

    init(_ messages: [ChatMessage], _ settings: ChatSettings) {
        self.messages = messages
        temperature = settings.sampling.temperature
        topP = settings.sampling.topP
        topK = settings.sampling.topK
        minP = settings.sampling.minP
        repetitionPenalty = settings.sampling.repetitionPenalty
        seed = settings.sampling.seed
        maxTokens = settings.maxTokens == 0 ? nil : settings.maxTokens
    }
}
