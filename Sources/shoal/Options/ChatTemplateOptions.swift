import API
import ArgumentParser
import Foundation

/// Which chat template makes prompts of conversations.
struct ChatTemplateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A chat template (Jinja) in place of the one in the model's file; none switches chats off.",
            valueName: "FILE"))
    var chatTemplate: String?

    /// - Throws: `CommandError` for a file that cannot be read.
    func choice() throws -> ChatTemplateChoice {
        switch chatTemplate {
        case nil: return .model
        case "none": return .none
        case let path?:
            return .other(
                try TextFile.read(path, limit: 1 << 20, purpose: "give --chat-template a Jinja template as text"),
                file: path)
        }
    }
}
