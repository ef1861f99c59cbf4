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
    /// - Parameters:
    ///   - limit: The bytes that the prompt may have.
    ///   - time: What is made once it is over is of no use.
    /// - Throws: a bad request when the template refuses the messages (such as two of one role in a row), asks for too much work, or
    ///   makes a prompt that is too long.
    package func tokens(
        of messages: [ChatMessage], limit: Int = .max, time: WorkTime = .unlimited
    ) throws(APIError) -> [TokenID] {
        try encoder.tokens(contents: messages.map(\.content), goesOn: { time.goesOn }) { (contents) throws(APIError) in
            let text = try rendered(messages, contents, time)
            guard text.utf8.count <= limit else {
                throw .invalidRequest(
                    "the chat template makes a prompt of \(text.utf8.count) bytes of these messages, and the context holds \(limit) bytes at most",
                    parameter: "messages", code: "context_length_exceeded")
            }
            return text
        }
    }

    private func rendered(
        _ messages: [ChatMessage], _ contents: [String], _ time: WorkTime
    ) throws(APIError) -> String {
        do {
            return try template.render(
                messages: zip(messages, contents).map { message, content in
                    .object([("role", .string(message.role.rawValue)), ("content", .string(content))])
                },
                tools: nil, addGenerationPrompt: true, variables: variables, now: .now, goesOn: { time.goesOn })
        } catch {
            throw .invalidRequest("\(error)", parameter: "messages", code: "chat_template_error")
        }
    }
}
