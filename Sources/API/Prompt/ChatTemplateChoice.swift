package import ChatTemplate
package import Tokenizer

/// Which chat template makes prompts of conversations, whatever model is served.
package enum ChatTemplateChoice: Sendable {
    /// The model's own.
    case model
    /// Another: its text, and the file that it is of.
    case other(String, file: String)
    /// None: there are no chats.
    case none

    /// The template for a model.
    /// - Throws: why there is none. All but chats goes on without.
    package func template(of tokenizer: Tokenizer?) throws(ChatRefusal) -> ChatTemplate {
        switch self {
        case .none: throw .switchedOff
        case .other(let text, let file): return try Self.read(text, origin: file)
        case .model:
            guard let text = tokenizer?.chatTemplate else { throw .absent }
            return try Self.read(text, origin: "the model's chat template")
        }
    }

    private static func read(_ text: String, origin: String) throws(ChatRefusal) -> ChatTemplate {
        do {
            return try ChatTemplate(source: text)
        } catch {
            throw .unreadable(origin: origin, line: error.line, message: error.message)
        }
    }
}

/// Why a model's coordinator answers no chats.
package enum ChatRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The model has no template.
    case absent
    /// Somebody wanted it so.
    case switchedOff
    /// What the template says is not understood.
    case unreadable(origin: String, line: Int, message: String)

    /// The cause.
    package var description: String {
        switch self {
        case .absent: "the model has no chat template"
        case .switchedOff: "chats are switched off (--chat-template none)"
        case .unreadable(let origin, let line, let message): "\(origin) cannot be read: line \(line): \(message)"
        }
    }
}
