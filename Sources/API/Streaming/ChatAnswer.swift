import CoordinatorCore

/// The shapes of `/v1/chat/completions`.
struct ChatAnswer: AnswerFormat {
    let head: AnswerHead

    func opening() -> ChatCompletionChunk? { chunk(.init(role: "assistant", content: "")) }

    func piece(_ text: String) -> ChatCompletionChunk { chunk(.init(content: text)) }

    func ending(_ reason: FinishReason) -> ChatCompletionChunk { chunk(.init(), reason: reason) }

    func usage(_ usage: UsageBody) -> ChatCompletionChunk {
        ChatCompletionChunk(id: head.id, created: head.created, model: head.model, choices: [], usage: usage)
    }

    func whole(_ text: String, reason: FinishReason, usage: UsageBody) -> ChatCompletion {
        ChatCompletion(
            id: head.id, created: head.created, model: head.model,
            choices: [.init(message: .init(content: text), finishReason: reason.rawValue)], usage: usage)
    }

    private func chunk(_ delta: ChatCompletionChunk.Delta, reason: FinishReason? = nil) -> ChatCompletionChunk {
        ChatCompletionChunk(
            id: head.id, created: head.created, model: head.model,
            choices: [.init(delta: delta, finishReason: reason?.rawValue)])
    }
}
