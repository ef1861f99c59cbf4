import ArgumentParser
import Foundation

struct ChatCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Talks with the model a coordinator serves.",
        discussion: """
            On a terminal lines are edited and remembered, /help shows what else can be typed, Ctrl-C ends an answer and Ctrl-D the chat.
            A line that ends in \\ goes on with the next, and \"\"\" begins and ends a message of several lines. Without a terminal each line
            of standard input is a message, and answers alone go to standard output.
            Example: shoal chat --server http://lap:8080 --system "Answer briefly."
            """)

    @OptionGroup var server: ServerOptions
    @Option(help: "What the model is told before the conversation.") var system: String?
    @Option(help: ArgumentHelp("Tokens of one answer at most; 0 is no bound but the context.", valueName: "N"))
    var maxTokens = ChatSettings.standardMaximum
    @Flag(name: .customLong("no-history"), help: "Neither reads nor keeps what was typed in other chats.")
    var forgets = false
    @OptionGroup var sampling: SamplingOptions

    func validate() throws {
        guard (0...ChatSettings.mostTokens).contains(maxTokens) else {
            throw ValidationError("--max-tokens takes 0 to \(ChatSettings.mostTokens), not \(maxTokens)")
        }
    }

    private struct Models: Decodable {
        struct Model: Decodable { var id: String }
        var data: [Model]
    }

    func run() async throws {
        let http = try HTTP(server)
        try await http.checkAccess()
        let settings = ChatSettings(sampling: sampling.parameters, maxTokens: maxTokens)
        try await Self.talk(http, system: system, settings, forgets: forgets)
    }

    /// A conversation until its end. Says before one types whether there is a model, and whether it answers whoever asks.
    static func talk(_ http: HTTP, system: String?, _ settings: ChatSettings, forgets: Bool) async throws {
        let models = try JSONDecoder().decode(Models.self, from: try await http.get("/v1/models"))
        let terminal = ChatTerminal(historyFile: forgets ? nil : ChatHistory.file())
        if terminal.isInteractive {
            Console.error(
                "\(models.data.first?.id ?? "a model") answers; /help shows what can be typed besides, Ctrl-D ends")
        }
        var session = ChatSession(http: http, terminal: terminal, system: system, settings: settings)
        try await session.run()
    }
}
