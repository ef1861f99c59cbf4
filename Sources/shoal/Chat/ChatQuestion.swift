import Foundation

/// A request of `/v1/chat/completions`, and what comes of it.
struct ChatQuestion {
    var messages: [ChatMessage]
    var settings: ChatSettings

    struct Answer: Sendable {
        var model = ""
        var text = ""
        /// `stop`, `length` or another of the API's words; nil where the answer was given up.
        var finishReason: String?
        var promptTokens: Int?
        var answerTokens: Int?

        /// Whether it was cut off by a bound.
        var isCut: Bool { finishReason == "length" }
    }

    /// Asks, and gives the text as it comes. A task that is cancelled has what came until then.
    ///
    /// - Throws: `CommandError` where there is no answer, or it breaks off.
    func ask(_ http: HTTP, piece: (String) -> Void) async throws -> Answer {
        var answer = Answer()
        do {
            for try await event in try await http.events("/v1/chat/completions", ChatRequest(messages, settings)) {
                let chunk = try JSONDecoder().decode(ChatChunk.self, from: event)
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
        } catch {
            guard Task.isCancelled else { throw error }
        }
        guard answer.finishReason != nil || Task.isCancelled else {
            throw CommandError("the answer broke off: the coordinator ended")
        }
        return answer
    }
}

/// A part of an answer, as the coordinator sends it.
struct ChatChunk: Decodable {
    struct Choice: Decodable {
        struct Delta: Decodable { var content: String? }
        var delta: Delta
        var finishReason: String?

        enum CodingKeys: String, CodingKey {
            case delta
            case finishReason = "finish_reason"
        }
    }
    struct Usage: Decodable {
        var promptTokens: Int
        var completionTokens: Int

        enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
        }
    }
    struct Failure: Decodable { var message: String }
    var model: String?
    var choices: [Choice]?
    var usage: Usage?
    var error: Failure?
}
