import API
import ArgumentParser
import ClusterStore
import Formats
import Foundation

struct RunCommand: AsyncParsableCommand, UsesNetwork {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Asks a model one question, and places it first where it is not the one that is served.",
        discussion: """
            The answer goes to standard output as it comes. What comes in on standard input, by a pipe or from a file, stands before the
            question. Without a question a chat begins. Needs a coordinator (`shoal serve`).
            Example: cat notes.txt | shoal run llama-2-13b "Summarise this."
            """)

    @Argument(
        help: ArgumentHelp("The model's GGUF file or name (default: the one that is served).", valueName: "model"))
    var model: String?
    @Argument(help: ArgumentHelp("What to ask; may stand alone.", valueName: "question")) var question: String?

    @Option(help: "What the model is told before the question.") var system: String?
    @Option(help: ArgumentHelp("Tokens of one answer at most.", valueName: "N")) var maxTokens = 2048
    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var models: ModelsFolderOptions
    @OptionGroup var wished: PlacingOptions
    @OptionGroup var server: ServerOptions
    @Flag(help: "Prints the answer as JSON.") var json = false

    /// A prompt that no context holds.
    private static let mostInput = 16 << 20

    private struct Document: Encodable {
        var model: String
        var answer: String
        var finishReason: String
        var promptTokens: Int?
        var answerTokens: Int?
        var seconds: Double
    }

    func validate() throws {
        guard (1...1 << 24).contains(maxTokens) else {
            throw ValidationError("--max-tokens takes 1 to \(1 << 24), not \(maxTokens)")
        }
    }

    func run() async throws {
        let http = try HTTP(server)
        guard await http.answers() else {
            throw CommandError(
                server.isStandard
                    ? "no coordinator runs on this machine: start one with `shoal serve` in another terminal, or name another's with --server URL"
                    : "no coordinator answers at \(server.server): is `shoal serve` running there?")
        }
        let known = try await knownModels(http)
        let served = known.models.first { $0.placed }
        let (path, words) = try wanted(known, served)
        let text = try prompt(words)
        if let path, path != served?.path || !wished.wishes.isEmpty {
            if let served { Console.error("\(served.id) gives way to \(URL(filePath: path).lastPathComponent)") }
            _ = try await ModelPlacing(http: http, path: path, wishes: wished.wishes).run()
        } else if served == nil {
            throw CommandError(
                "no model is placed: name one, as in: shoal run MODEL.gguf \"Why is the sky blue?\"")
        }
        guard let text else {
            if json { throw CommandError("--json goes with a question") }
            return try await ChatCommand.talk(http, system: system, settings, forgets: false)
        }
        try await ask(text, http)
    }

    /// What the coordinator knows, once it is not placing a model any more.
    private func knownModels(_ http: HTTP) async throws -> KnownModelList {
        var isTold = false
        while true {
            let known = try JSONDecoder().decode(KnownModelList.self, from: try await http.get("/api/models"))
            guard let coming = known.models.first(where: { $0.status?.status == "starting" }) else { return known }
            if !isTold { Console.error("waiting for \(coming.id), which is being placed") }
            isTold = true
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// The model that is to be placed, if it is not the one that is served whatever that is; and the question.
    private func wanted(_ known: KnownModelList, _ served: KnownModelBody?) throws -> (path: String?, words: String?) {
        guard let model else { return (nil, nil) }
        if ModelLibrary.isPath(model), question != nil || !model.contains(where: \.isWhitespace) {
            return (ModelLibrary.absolute(model), question)
        }
        // Elsewhere than on the coordinator's machine no file is known of the one that is served.
        if let served, served.id.lowercased() == model.lowercased() { return (served.path, question) }
        let library = ModelLibrary(folder: models.folder, of: known)
        if question == nil, served != nil, library.matches(model).isEmpty {
            if let served, ModelLibrary.begins(served.id, with: model) { return (served.path, nil) }
            return (nil, model)
        }
        return (try library.path(named: model), question)
    }

    /// The question with what comes in on standard input; nil where there is neither.
    private func prompt(_ words: String?) throws -> String? {
        // Only what ends by itself: who runs this without a terminal need not give it anything to read.
        guard DescriptorKind(of: STDIN_FILENO) != .other else { return words }
        let data = FileHandle.standardInput.readData(ofLength: Self.mostInput + 1)
        guard data.count <= Self.mostInput else {
            throw CommandError("standard input has more than \(Self.mostInput >> 20) MiB, which no context holds")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw CommandError("standard input is no text in UTF-8")
        }
        let input = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let parts = [input, words ?? ""].filter { !$0.isEmpty }
        return parts.isEmpty ? nil : parts.joined(separator: "\n\n")
    }

    private func ask(_ text: String, _ http: HTTP) async throws {
        let messages =
            (system.map { [ChatMessage(role: "system", content: $0)] } ?? []) + [
                ChatMessage(role: "user", content: text)
            ]
        let started = ContinuousClock.now
        var shown = json ? nil : ShownAnswer()
        let answer = try await ChatQuestion(messages: messages, settings: settings).ask(http) { shown?.add($0) }
        if json {
            return try Console.json(
                Document(
                    model: answer.model, answer: answer.text, finishReason: answer.finishReason ?? "stop",
                    promptTokens: answer.promptTokens, answerTokens: answer.answerTokens,
                    seconds: (ContinuousClock.now - started) / .seconds(1)))
        }
        shown?.end(always: false)
        if answer.isCut {
            Console.error(
                "(cut off: the answer filled its \(maxTokens) tokens or the context; --max-tokens N allows more)")
        }
    }

    private var settings: ChatSettings { ChatSettings(sampling: sampling.parameters, maxTokens: maxTokens) }
}
