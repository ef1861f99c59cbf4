package import ChatTemplate
package import Tokenizer

/// Makes the prompt of a conversation with a model's own template.
package struct ChatPrompt: Sendable {
    private let template: ChatTemplate
    private let encoder: PromptEncoder
    private let variables: [String: Value]

    /// A template with the tokens of its model.
    package init(template: ChatTemplate, tokenizer: Tokenizer) {
        self.template = template
        encoder = PromptEncoder(tokenizer)
        var variables: [String: Value] = [:]
        for (name, id) in [("bos_token", tokenizer.beginningOfSequence), ("eos_token", tokenizer.endOfSequence)] {
            variables[name] = .string(id.flatMap(tokenizer.text(of:)) ?? "")
        }
        self.variables = variables
    }

    /// The conversation's tokens, ready for the assistant to answer.
    /// - Throws: a bad request when the template refuses the messages (such as two of one role in a row).
    package func tokens(of messages: [ChatMessage]) throws(APIError) -> [TokenID] {
        do {
            return try encoder.tokens(contents: messages.map(\.content)) { (contents) throws(TemplateError) in
                try template.render(
                    messages: zip(messages, contents).map { message, content in
                        .object([("role", .string(message.role.rawValue)), ("content", .string(content))])
                    },
                    tools: nil, addGenerationPrompt: true, variables: variables, now: .now)
            }
        } catch {
            throw .invalidRequest("\(error)", parameter: "messages", code: "chat_template_error")
        }
    }
}
