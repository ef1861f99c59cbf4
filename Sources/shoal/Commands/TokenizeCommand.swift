import ArgumentParser
import Tokenizer

struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize", abstract: "Prints the token ids of a text.",
        discussion: """
            Special tokens in the text are text unless --parse-special. Put -- before a text that begins with a dash.
            Example: shoal tokenize SmolLM2-135M-Instruct.Q4_1.gguf --json "Hello world"
            """)

    @Argument(help: ArgumentHelp("The model's GGUF file.", valueName: "model")) var model: String
    @Argument(help: ArgumentHelp("The text.", valueName: "text")) var text: String
    @Flag(help: "Reads special tokens in the text as such.") var parseSpecial = false
    @Flag(help: "Prints JSON.") var json = false

    func run() throws {
        let ids = try Model(path: model, isWhole: false).tokenizer().encode(text, parseSpecial: parseSpecial)
        if json {
            Console.write("{\"ids\": [\(ids.map { "\($0)" }.joined(separator: ", "))]}\n")
        } else {
            Console.write(ids.map { "\($0)" }.joined(separator: " ") + "\n")
        }
    }
}
