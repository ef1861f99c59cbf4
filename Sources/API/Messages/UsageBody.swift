import CoordinatorCore

/// `usage`: how many tokens a request took.
package struct UsageBody: Codable, Sendable, Equatable {
    package var promptTokens: Int
    package var completionTokens: Int
    package var totalTokens: Int
    package var promptTokensDetails: PromptTokensDetails

    /// What of the prompt was not computed again.
    package struct PromptTokensDetails: Codable, Sendable, Equatable {
        package var cachedTokens: Int

        enum CodingKeys: String, CodingKey {
            case cachedTokens = "cached_tokens"
        }
    }

    enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
        case promptTokensDetails = "prompt_tokens_details"
    }

    /// Counts tokens of a prompt and of its answer.
    package init(promptTokens: Int, completionTokens: Int, cachedTokens: Int = 0) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        totalTokens = promptTokens + completionTokens
        promptTokensDetails = PromptTokensDetails(cachedTokens: cachedTokens)
    }

    init(_ usage: GenerationUsage) {
        self.init(
            promptTokens: usage.promptTokens, completionTokens: usage.generatedTokens,
            cachedTokens: usage.cachedTokens)
    }
}
