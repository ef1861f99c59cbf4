import CoordinatorCore
import Synchronization

/// The chat template of the model that is served, parsed once for each. Safe from any thread.
final class ChatPrompts: Sendable {
    private struct Parsed {
        weak var coordinator: Coordinator?
        var prompt: Result<ChatPrompt, ChatRefusal> = .failure(.absent)
    }

    private let choice: ChatTemplateChoice
    private let parsed = Mutex(Parsed())

    init(_ choice: ChatTemplateChoice) { self.choice = choice }

    /// How a conversation becomes a prompt.
    /// - Throws: why it cannot.
    func prompt(of coordinator: Coordinator) throws(ChatRefusal) -> ChatPrompt {
        try parsed.withLock { parsed in
            if parsed.coordinator !== coordinator {
                parsed = Parsed(coordinator: coordinator, prompt: Self.prompt(of: coordinator, choice))
            }
            return parsed.prompt
        }.get()
    }

    private static func prompt(
        of coordinator: Coordinator, _ choice: ChatTemplateChoice
    ) -> Result<ChatPrompt, ChatRefusal> {
        Result { () throws(ChatRefusal) in
            let template = try choice.template(of: coordinator.model.tokenizer)
            guard let tokenizer = coordinator.model.tokenizer else { throw .absent }
            return ChatPrompt(template: template, tokenizer: tokenizer)
        }
    }
}
