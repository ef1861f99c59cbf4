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
        struct StreamOptions: Encodable { var include_usage = true }
        var messages: [Message]
        var stream = true
        var stream_options = StreamOptions()
        var temperature: Float
        var top_p: Float
        var top_k: Int
        var min_p: Float
        var repetition_penalty: Float
        var seed: UInt64?
        var max_tokens: Int
    }

    private struct Chunk: Decodable {
        struct Choice: Decodable {
            struct Delta: Decodable { var content: String? }
            var delta: Delta
            var finish_reason: String?
        }
        struct Usage: Decodable {
            var prompt_tokens: Int
            var completion_tokens: Int
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
            messages: messages, temperature: sampling.temperature, top_p: sampling.topP, top_k: sampling.topK,
            min_p: sampling.minP, repetition_penalty: sampling.repetitionPenalty, seed: sampling.seed,
            max_tokens: maxTokens)
        var answer = Answer()
        for try await event in try await http.events("/v1/chat/completions", request) {
            let chunk = try JSONDecoder().decode(Chunk.self, from: event)
            if let error = chunk.error { throw CommandError(error.message) }
            answer.model = chunk.model ?? answer.model
            if let usage = chunk.usage {
                (answer.promptTokens, answer.answerTokens) = (usage.prompt_tokens, usage.completion_tokens)
            }
            guard let choice = chunk.choices?.first else { continue }
            answer.finishReason = choice.finish_reason ?? answer.finishReason
            guard let text = choice.delta.content, !text.isEmpty else { continue }
            answer.text += text
            piece(text)
        }
        guard answer.finishReason != nil else { throw CommandError("the answer broke off: the coordinator ended") }
        return answer
    }
}
