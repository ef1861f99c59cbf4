import API
import ArgumentParser
import ChatTemplate
import Tokenizer

struct TemplateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Prints the prompt that a chat template makes of messages, and its tokens.",
        discussion: """
            MESSAGES is a JSON list of messages, or a request's body with `messages` (and `tools`); - is standard input. Of the model only
            the metadata are read. Special tokens in messages are text, as the API takes them.
            Example: echo '[{"role": "user", "content": "Hi"}]' | shoal template SmolLM2-135M-Instruct.Q4_1.gguf --messages -
            """)

    @Argument(help: ArgumentHelp("The model's GGUF file.", valueName: "model")) var model: String
    @Option(help: ArgumentHelp("The conversation, as JSON.", valueName: "FILE")) var messages: String
    @Option(help: ArgumentHelp("A JSON list of the functions that the model may call.", valueName: "FILE"))
    var tools: String?
    @OptionGroup var template: ChatTemplateOptions
    @Flag(help: "Leaves out the opening of the assistant's answer.") var noGenerationPrompt = false
    @Flag(help: "Prints JSON.") var json = false

    private struct Document: Encodable {
        struct Token: Encodable {
            var id: TokenID
            var piece: String
            var isControl: Bool
        }

        var prompt: String
        var tokens: [Token]
    }

    func validate() throws {
        guard template.chatTemplate != "none" else {
            throw ValidationError("--chat-template none leaves nothing to print; give a FILE, or leave it out")
        }
        guard tools != "-" || messages != "-" else {
            throw ValidationError("standard input can be --messages or --tools, not both")
        }
    }

    func run() throws {
        let tokenizer = try Model(path: model, isWhole: false).tokenizer()
        let prompt: ChatPrompt.Prompt
        do {
            let chatPrompt = ChatPrompt(
                template: try template.choice().template(of: tokenizer), tokenizer: tokenizer)
            let conversation = try ConversationFile(messages: messages, tools: tools)
            prompt = try chatPrompt.prompt(
                of: conversation.messages, tools: conversation.tools, addGenerationPrompt: !noGenerationPrompt)
        } catch let error as ChatRefusal where template.chatTemplate != nil {
            throw CommandError("\(error)")
        } catch let error as ChatRefusal {
            throw CommandError("\(model): \(error); give another with --chat-template FILE")
        } catch let error as TemplateError where error.code == .raised {
            throw CommandError("\(messages): \(error)")
        } catch let error as TemplateError {
            let place = template.chatTemplate.map { "\($0), line" } ?? "\(model), its chat template's line"
            throw CommandError("\(place) \(error.line): \(error.message)")
        }
        let document = Document(
            prompt: prompt.text,
            tokens: prompt.tokens.map {
                .init(
                    id: $0, piece: String(decoding: tokenizer.bytes(of: $0), as: UTF8.self),
                    isControl: tokenizer.isSpecial($0))
            })
        if json { return try Console.json(document) }
        Console.write(text(document, tokenizer))
    }

    private func text(_ document: Document, _ tokenizer: Tokenizer) -> String {
        var table = Table([("id", .right), ("piece", .left), ("", .left)])
        for token in document.tokens {
            table.add([
                "\(token.id)", Self.quoted(tokenizer.bytes(of: token.id)), token.isControl ? "control" : "",
            ])
        }
        return "Prompt (\(document.prompt.utf8.count) bytes)\n\(document.prompt)\n\n"
            + "Tokens (\(document.tokens.count))\n\(table)\n"
    }

    /// A piece in quotes: line breaks, quotes and bytes that are no characters are escaped, for a piece may be a part of one.
    private static func quoted(_ bytes: [UInt8]) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return "\""
                + bytes.map { byte in
                    let digits = String(byte, radix: 16)
                    return (0x20..<0x7f).contains(byte)
                        ? String(Unicode.Scalar(byte)) : "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
                }.joined() + "\""
        }
        return "\""
            + text.unicodeScalars.map { scalar in
                switch scalar {
                case "\n": "\\n"
                case "\r": "\\r"
                case "\t": "\\t"
                case "\"", "\\": "\\\(scalar)"
                default: String(scalar)
                }
            }.joined() + "\""
    }
}
