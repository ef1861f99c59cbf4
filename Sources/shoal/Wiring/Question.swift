import Foundation

/// One request of `/v1/chat/completions`, and what comes of it.
struct Question {
    struct Message: Codable {
        var role: String
        var content: String
    }

    var messages: [Message]
    var sampling: SamplingOptions
    var maxTokens: Int

    struct Answer {
        var model = ""
        var text = ""
        /// `stop`, `length` or another of the API's words; nil where the answer broke off.
        var finishReason: String?
        var promptTokens: Int?
        var answerTokens: Int?
    }

    private struct Request: Encodable {
        struct StreamOptions: Encodable {
            var includeUsage = true
            enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
        }
        var messages: [Message]
        var stream = true
        var streamOptions = StreamOptions()
        var temperature: Float
        var topP: Float
        var topK: Int
        var minP: Float
        var repetitionPenalty: Float
        var seed: UInt64?
        var maxTokens: Int

        enum CodingKeys: String, CodingKey {
            case messages, stream, temperature, seed
            case streamOptions = "stream_options"
            case topP = "top_p"
            case topK = "top_k"
            case minP = "min_p"
            case repetitionPenalty = "repetition_penalty"
            case maxTokens = "max_tokens"
        }
    }

    private struct Chunk: Decodable {
        struct Choice: Decodable {
            struct Delta: Decodable { var content: String? }
            var delta: Delta
            var finishReason: String?
        }
        struct Usage: Decodable {
            var promptTokens: Int
            var completionTokens: Int
        }
        struct Failure: Decodable { var message: String }
        var model: String?
        var choices: [Choice]?
        var usage: Usage?
        var error: Failure?
    }

    /// Asks, and gives the text as it comes.
    ///
    /// - Throws: `CommandError` where there is no answer, or it breaks off.
    func ask(_ http: HTTP, piece: (String) -> Void) async throws -> Answer {
        let request = Request(
            messages: messages, temperature: sampling.temperature, topP: sampling.topP, topK: sampling.topK,
            minP: sampling.minP, repetitionPenalty: sampling.repetitionPenalty, seed: sampling.seed,
            maxTokens: maxTokens)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        var answer = Answer()
        for try await event in try await http.events("/v1/chat/completions", request) {
            let chunk = try decoder.decode(Chunk.self, from: event)
            if let error = chunk.error { throw CommandError(error.message) }
            answer.model = chunk.model ?? answer.model
            if let usage = chunk.usage {
                (answer.promptTokens, answer.answerTokens) = (usage.promptTokens, usage.completionTokens)
            }
            guard let choice = chunk.choices?.first else { continue }
            answer.finishReason = choice.finishReason ?? answer.finishReason
            guard let text = choice.delta.content, !text.isEmpty else { continue }
            answer.text += text
            piece(text)
        }
        guard answer.finishReason != nil else { throw CommandError("the answer broke off: the coordinator ended") }
        return answer
    }
}
