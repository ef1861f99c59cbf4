import ArgumentParser
import Foundation

struct ChatCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Talks with the model a coordinator serves.",
        discussion: """
            Ends with /exit or Ctrl-D; /new begins another conversation.
            Example: shoal chat --server http://lap:8080 --system "Answer briefly."
            """)

    @OptionGroup var server: ServerOptions
    @Option(help: "What the model is told before the conversation.") var system: String?
    @Option(help: ArgumentHelp("Tokens of one answer at most.", valueName: "N")) var maxTokens: Int?
    @OptionGroup var sampling: SamplingOptions

    private struct Message: Codable {
        var role: String
        var content: String
    }

    private struct Request: Encodable {
        var messages: [Message]
        var stream = true
        var temperature: Float
        var topP: Float
        var topK: Int
        var minP: Float
        var repetitionPenalty: Float
        var seed: UInt64?
        var maxTokens: Int?

        enum CodingKeys: String, CodingKey {
            case messages, stream, temperature, seed
            case topP = "top_p"
            case topK = "top_k"
            case minP = "min_p"
            case repetitionPenalty = "repetition_penalty"
            case maxTokens = "max_tokens"
        }
    }

    private struct Chunk: Decodable {
        struct Choice: Decodable {
            struct Delta: Decodable { var content: String? }
            var delta: Delta
        }
        struct Failure: Decodable { var message: String }
        var choices: [Choice]?
        var error: Failure?
    }

    func run() async throws {
        let http = try HTTP(server)
        try await http.checkAccess()
        _ = try await http.get("/health")
        let opening = system.map { [Message(role: "system", content: $0)] } ?? []
        var messages = opening
        while let line = prompt() {
            switch line {
            case "": continue
            case "/exit", "/quit": return
            case "/new":
                messages = opening
                continue
            default: break
            }
            messages.append(Message(role: "user", content: line))
            messages.append(Message(role: "assistant", content: try await answer(to: messages, by: http)))
        }
    }

    private func prompt() -> String? {
        if isatty(STDIN_FILENO) == 1 { Console.write("> ") }
        return readLine()
    }

    private func answer(to messages: [Message], by http: HTTP) async throws -> String {
        let request = Request(
            messages: messages, temperature: sampling.temperature, topP: sampling.topP, topK: sampling.topK,
            minP: sampling.minP, repetitionPenalty: sampling.repetitionPenalty, seed: sampling.seed,
            maxTokens: maxTokens)
        var text = ""
        for try await event in try await http.events("/v1/chat/completions", request) {
            let chunk = try JSONDecoder().decode(Chunk.self, from: event)
            if let error = chunk.error { throw CommandError(error.message) }
            guard let piece = chunk.choices?.first?.delta.content else { continue }
            text += piece
            Console.answer(piece)
        }
        Console.write("\n")
        return text
    }
}
