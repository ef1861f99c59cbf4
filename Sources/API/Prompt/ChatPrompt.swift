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

    /// A prompt, as text and as tokens.
    package struct Prompt: Sendable, Equatable {
        package let text: String
        package let tokens: [TokenID]
    }

    /// The prompt of a conversation as templates see it, with whatever else the template knows of messages and with tools. Special tokens
    /// in the texts of both are text.
    /// - Parameters:
    ///   - messages: dictionaries with `role`, `content` and the like.
    ///   - tools: dictionaries that describe functions; nil for none.
    ///   - addGenerationPrompt: whether it ends with the opening of the assistant's answer.
    /// - Throws: `TemplateError`
    package func prompt(
        of messages: [Value], tools: [Value]? = nil, addGenerationPrompt: Bool = true
    ) throws(TemplateError) -> Prompt {
        let conversation = Value.array([.array(messages), .array(tools ?? [])])
        let now = CivilTime.now
        func rendered(_ texts: [String]) throws(TemplateError) -> String {
            var texts = texts[...]
            guard case .list(let marked) = conversation.replacingTexts(by: &texts), marked.elements.count == 2,
                case .list(let messages) = marked.elements[0], case .list(let described) = marked.elements[1]
            else { preconditionFailure("a list of two lists stays one") }
            return try template.render(
                messages: messages.elements, tools: tools == nil ? nil : described.elements,
                addGenerationPrompt: addGenerationPrompt, variables: variables, now: now)
        }
        var texts: [String] = []
        conversation.addTexts(to: &texts)
        let tokens = try encoder.tokens(contents: texts, render: rendered)
        return Prompt(text: try rendered(texts), tokens: tokens)
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
