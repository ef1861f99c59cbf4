package import Sampling

/// What `/v1/chat/completions` and `/v1/completions` have in common.
///
/// Defaults are OpenAI's: temperature 1, no filter, no penalty. `max_tokens` defaults to the rest of the context.
/// `top_k`, `min_p`, `repetition_penalty` (also `repeat_penalty`), `ignore_eos` and `grammar` are not OpenAI's; most local servers take them.
package struct GenerationFields: Decodable, Sendable, Equatable {
    package var model: String?
    package var stream: Bool
    package var streamOptions: StreamOptions?
    package var stop: StopTexts?
    package var maximumTokens: Int?
    package var sampling: SamplingParameters
    /// Goes on past the token that ends an answer, for measurements.
    package var ignoreEndOfGeneration: Bool
    /// What the answer must be; nil for any text.
    package var constraint: AnswerConstraint?
    /// Whose request it is, where the client tells: clients get equal shares.
    package var user: String?
    /// A field that asks for what is not supported, found while decoding.
    package var refusal: APIError?

    enum CodingKeys: String, CodingKey {
        case model, stream, stop, temperature, seed, n, tools, functions, user, grammar
        case streamOptions = "stream_options"
        case maximumTokens = "max_tokens"
        case maximumCompletionTokens = "max_completion_tokens"
        case topP = "top_p"
        case topK = "top_k"
        case minP = "min_p"
        case ignoreEndOfGeneration = "ignore_eos"
        case repetitionPenalty = "repetition_penalty"
        case repeatPenalty = "repeat_penalty"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case logitBias = "logit_bias"
        case bestOf = "best_of"
        case logProbabilities = "logprobs"
        case responseFormat = "response_format"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func optional<Value: Decodable>(_ type: Value.Type, _ key: CodingKeys) throws -> Value? {
            try container.decodeIfPresent(Located<Value>.self, forKey: key)?.value
        }
        model = try optional(String.self, .model)
        stream = try optional(Bool.self, .stream) ?? false
        streamOptions = try optional(StreamOptions.self, .streamOptions)
        stop = try optional(StopTexts.self, .stop)
        // The newer name wins where a client sends both.
        let older = try optional(Int.self, .maximumTokens)
        maximumTokens = try optional(Int.self, .maximumCompletionTokens) ?? older
        user = try optional(String.self, .user)

        sampling = SamplingParameters()
        sampling.temperature = try optional(Float.self, .temperature) ?? sampling.temperature
        sampling.topP = try optional(Float.self, .topP) ?? sampling.topP
        sampling.topK = try optional(Int.self, .topK) ?? sampling.topK
        // Other servers write -1 for "keep all".
        if sampling.topK == -1 { sampling.topK = 0 }
        sampling.minP = try optional(Float.self, .minP) ?? sampling.minP
        let repeated = try optional(Float.self, .repeatPenalty)
        sampling.repetitionPenalty =
            try optional(Float.self, .repetitionPenalty) ?? repeated ?? sampling.repetitionPenalty
        sampling.presencePenalty = try optional(Float.self, .presencePenalty) ?? sampling.presencePenalty
        sampling.frequencyPenalty = try optional(Float.self, .frequencyPenalty) ?? sampling.frequencyPenalty
        sampling.seed = try optional(Int64.self, .seed).map(UInt64.init(bitPattern:))
        sampling.logitBias = try Self.logitBias(optional([String: Float].self, .logitBias) ?? [:], in: container)
        ignoreEndOfGeneration = try optional(Bool.self, .ignoreEndOfGeneration) ?? false
        refusal = try Self.refusal(in: container)
        constraint = try container.decodeIfPresent(ResponseFormat.self, forKey: .responseFormat)?.constraint
        if let grammar = try optional(String.self, .grammar), !grammar.isEmpty {
            guard constraint == nil else {
                throw DecodingError.dataCorruptedError(
                    forKey: .grammar, in: container,
                    debugDescription: "is there beside a response_format; an answer follows one of them")
            }
            constraint = .gbnf(grammar)
        }
    }

    /// Bytes of `model` and `user`: they are kept, compared and repeated in messages.
    private static let maximumNameBytes = 256
    private static let maximumBiases = 4096

    /// Checks what the types alone do not.
    /// - Throws: the first parameter out of range or not supported.
    package func validate() throws(APIError) {
        if let refusal { throw refusal }
        if let maximumTokens, maximumTokens < 1 {
            throw .invalidRequest("max_tokens is \(maximumTokens); it must be at least 1", parameter: "max_tokens")
        }
        for (name, value) in [("model", model), ("user", user)] {
            guard value?.utf8.count ?? 0 <= Self.maximumNameBytes else {
                throw .invalidRequest("\(name) has more than \(Self.maximumNameBytes) bytes", parameter: name)
            }
        }
        guard sampling.logitBias.count <= Self.maximumBiases else {
            throw .invalidRequest(
                "logit_bias names \(sampling.logitBias.count) tokens; at most \(Self.maximumBiases) are taken",
                parameter: "logit_bias")
        }
        do {
            try sampling.validate()
        } catch {
            throw APIError(error)
        }
    }

    private static func logitBias(
        _ biases: [String: Float], in container: KeyedDecodingContainer<CodingKeys>
    ) throws -> [UInt32: Float] {
        var result: [UInt32: Float] = [:]
        for (key, bias) in biases {
            guard let token = UInt32(key) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .logitBias, in: container, debugDescription: "\"\(key)\" is not a token's number")
            }
            result[token] = bias
        }
        return result
    }

    private static func refusal(in container: KeyedDecodingContainer<CodingKeys>) throws -> APIError? {
        for (key, name) in [(CodingKeys.n, "n"), (.bestOf, "best_of")] {
            if let count = try container.decodeIfPresent(Located<Int>.self, forKey: key)?.value, count != 1 {
                return .unsupported(name, "\(name) is \(count); one answer per request is supported")
            }
        }
        if !(try container.decodeIfPresent(SwitchedOff.self, forKey: .logProbabilities)?.isOff ?? true) {
            return .unsupported("logprobs", "logprobs are not supported")
        }
        for (key, name) in [(CodingKeys.tools, "tools"), (.functions, "functions")] {
            if !(try container.decodeIfPresent(SwitchedOff.self, forKey: key)?.isOff ?? true) {
                return .unsupported(name, "\(name) are not supported")
            }
        }
        return nil
    }

    /// A field that may be there as long as it asks for nothing: `false`, or an empty list.
    private struct SwitchedOff: Decodable {
        var isOff: Bool

        init(from decoder: any Decoder) throws {
            if let list = try? decoder.unkeyedContainer() {
                isOff = list.isAtEnd
            } else {
                isOff = (try? decoder.singleValueContainer().decode(Bool.self)) == false
            }
        }
    }
}
