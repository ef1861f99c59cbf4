import CoordinatorCore

/// The shapes of `/v1/completions`.
struct TextAnswer: AnswerFormat {
    let head: AnswerHead

    func opening() -> TextCompletion? { nil }

    func piece(_ text: String) -> TextCompletion { completion(text) }

    func ending(_ reason: FinishReason) -> TextCompletion { completion("", reason: reason) }

    func usage(_ usage: UsageBody) -> TextCompletion {
        TextCompletion(id: head.id, created: head.created, model: head.model, choices: [], usage: usage)
    }

    func whole(_ text: String, reason: FinishReason, usage: UsageBody) -> TextCompletion {
        completion(text, reason: reason, usage: usage)
    }

    private func completion(_ text: String, reason: FinishReason? = nil, usage: UsageBody? = nil) -> TextCompletion {
        TextCompletion(
            id: head.id, created: head.created, model: head.model,
            choices: [.init(text: text, finishReason: reason?.rawValue)], usage: usage)
    }
}
