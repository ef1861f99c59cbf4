import CoordinatorCore

/// `usage`: how many tokens a request took.
package struct UsageBody: Codable, Sendable, Equatable {
    package var promptTokens: Int
    package var completionTokens: Int
    package var totalTokens: Int

    enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
    }

    /// Counts tokens of a prompt and of its answer.
    package init(promptTokens: Int, completionTokens: Int) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        totalTokens = promptTokens + completionTokens
    }

    init(_ usage: GenerationUsage) {
        self.init(promptTokens: usage.promptTokens, completionTokens: usage.generatedTokens)
    }
}
