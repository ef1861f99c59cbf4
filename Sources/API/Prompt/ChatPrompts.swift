import ChatTemplate
import CoordinatorCore
import Synchronization
import Tokenizer

/// The chat template of the model that is served, parsed once for each. Safe from any thread.
final class ChatPrompts: Sendable {
    private struct Parsed {
        weak var coordinator: Coordinator?
        var prompt: ChatPrompt?
    }

    private let parsed = Mutex(Parsed())

    /// How a conversation becomes a prompt; nil for a model without a chat template.
    func prompt(of coordinator: Coordinator) -> ChatPrompt? {
        parsed.withLock { parsed in
            if parsed.coordinator !== coordinator {
                let tokenizer = coordinator.model.tokenizer
                let template = tokenizer?.chatTemplate.flatMap { try? ChatTemplate(source: $0) }
                parsed = Parsed(
                    coordinator: coordinator,
                    prompt: template.flatMap { template in
                        tokenizer.map { ChatPrompt(template: template, tokenizer: $0) }
                    })
            }
            return parsed.prompt
        }
    }
}
