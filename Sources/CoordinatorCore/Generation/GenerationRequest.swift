package import Grammar
package import Sampling
package import Tokenizer

/// One answer asked of the coordinator: a prompt in tokens and how to go on from it.
package struct GenerationRequest: Sendable {
    /// The prompt, at least one token; with the answer it must fit the context.
    package var prompt: [TokenID]
    /// The most tokens to generate; `nil` is as many as the context has room for.
    package var maximumTokens: Int?
    package var sampling: SamplingParameters
    /// Texts that end the answer; they are not part of it.
    package var stop: [String]
    /// Goes on past end-of-generation tokens (for measurements).
    package var ignoreEndOfGeneration: Bool
    /// What the answer must be a text of; `nil` for any text.
    package var grammar: MaskTables?
    /// Whose request it is: clients get equal shares.
    package var client: String

    package init(
        prompt: [TokenID], maximumTokens: Int? = nil, sampling: SamplingParameters = SamplingParameters(),
        stop: [String] = [], ignoreEndOfGeneration: Bool = false, grammar: MaskTables? = nil, client: String = ""
    ) {
        self.prompt = prompt
        self.maximumTokens = maximumTokens
        self.sampling = sampling
        self.stop = stop
        self.ignoreEndOfGeneration = ignoreEndOfGeneration
        self.grammar = grammar
        self.client = client
    }
}

/// Why an answer ended.
package enum FinishReason: String, Sendable, Hashable {
    /// The model ended it, or a stop text was met.
    case stop
    /// `maximumTokens` or the context's end was reached.
    case length
}

/// What an answer took.
package struct GenerationUsage: Sendable, Hashable {
    package var promptTokens: Int
    /// Tokens of the prompt that were not computed, because an earlier sequence began with them.
    package var cachedTokens: Int
    package var generatedTokens: Int
    /// From the request to the first generated token, in seconds.
    package var secondsToFirstToken: Double
    /// From the first generated token to the last, in seconds.
    package var secondsGenerating: Double

    /// Tokens per second while generating; `nil` for fewer than two tokens.
    package var tokensPerSecond: Double? {
        generatedTokens > 1 && secondsGenerating > 0 ? Double(generatedTokens - 1) / secondsGenerating : nil
    }
}

/// What an answer's stream brings, in order; `finished` or `failed` is the last.
package enum GenerationEvent: Sendable {
    /// The request waits for a slot or memory, and so many go before it; comes again when that changes.
    case queued(before: Int)
    /// A generated token and the text it completed: empty while a character, or what may become a stop text, is incomplete.
    case token(TokenID, text: String)
    /// Text that was held back until the answer's end showed that no stop text came of it.
    case text(String)
    case finished(FinishReason, GenerationUsage)
    case failed(CoordinatorError)
}
