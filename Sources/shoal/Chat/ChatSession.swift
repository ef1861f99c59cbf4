import Foundation
import Terminal
import Wire

/// A conversation with the model that a coordinator serves.
struct ChatSession {
    let http: HTTP
    let terminal: ChatTerminal
    var settings: ChatSettings
    /// All that was said; an answer follows each question, unless it failed.
    private var messages: [ChatMessage] = []
    /// The question whose answer failed: it is no part of the conversation.
    private var unanswered: ChatMessage?
    /// Where the conversation was saved to or loaded from: only there another one is written over.
    private var files: Set<String> = []
    private let interrupts: Interrupts?

    init(http: HTTP, terminal: ChatTerminal, system: String?, settings: ChatSettings) {
        self.http = http
        self.terminal = terminal
        self.settings = settings
        interrupts = terminal.isInteractive ? Interrupts() : nil
        if let system { messages = [ChatMessage(role: "system", content: system)] }
    }

    /// Takes what is typed until it ends.
    ///
    /// - Throws: where nobody is there to try again, what kept a question from its answer.
    mutating func run() async throws {
        var input = ConversationInput()
        while true {
            let entry: ConversationInput.Entry
            let isOver: Bool
            switch await terminal.line(prompt: input.isUnfinished ? ". " : "> ") {
            case .line(let line):
                terminal.remember(line)
                (entry, isOver) = (input.take(line), false)
            case .interrupted:
                input.clear()
                continue
            case .end:
                (entry, isOver) = (input.end(), true)
            }
            switch entry {
            case .nothing, .unfinished: break
            case .message(let text): try await ask(ChatMessage(role: "user", content: text))
            case .order(let name, let argument):
                if ["exit", "quit", "bye"].contains(name) { return }
                try await obey(name, argument)
            }
            guard isOver else { continue }
            // The prompt's line is not ended by who ends the chat there.
            if terminal.isInteractive { Console.write("\n") }
            return
        }
    }

    // MARK: Questions

    private mutating func ask(_ question: ChatMessage) async throws {
        do {
            let answer = try await answer(to: messages + [question])
            messages += [question, ChatMessage(role: "assistant", content: answer)]
            unanswered = nil
        } catch {
            guard terminal.isInteractive else { throw error }
            unanswered = question
            Console.error("\(error)")
            Console.error("no answer: /retry sends the question again")
        }
    }

    /// Writes the answer as it comes.
    private func answer(to messages: [ChatMessage]) async throws -> String {
        let (http, question) = (http, ChatQuestion(messages: messages, settings: settings))
        let reading = Task {
            var shown = ShownAnswer()
            defer { shown.end() }
            let answer = try await question.ask(http) { shown.add($0) }
            return (answer: answer, isEnded: Task.isCancelled)
        }
        interrupts?.set { reading.cancel() }
        defer { interrupts?.set(nil) }
        let (answer, isEnded) = try await reading.value
        if isEnded { Console.error("(ended; what came of it stays in the conversation)") }
        if answer.isCut {
            let tokens = answer.answerTokens ?? 0
            let isBound = settings.maxTokens > 0 && tokens >= settings.maxTokens
            Console.error(
                isBound
                    ? "(the answer was cut after \(tokens) tokens: /set max-tokens N allows more, 0 any number)"
                    : "(the answer was cut: the conversation fills the model's context; /new begins another)")
        }
        return answer.text
    }

    // MARK: Orders

    private static let help = """
        /new                begins another conversation
        /retry              answers the last question again
        /system [TEXT]      what the model is told before the conversation, - is nothing
        /set [NAME VALUE]   \(ChatSettings.names.prefix(4).joined(separator: ", ")),
                            \(ChatSettings.names.dropFirst(4).joined(separator: ", "))
        /save FILE          the conversation as JSON
        /load FILE          goes on with a conversation that was saved
        /exit               ends, as Ctrl-D
        Ctrl-C              ends the answer; where one types, the line
        \\ at a line's end   the message goes on with the next line
        \"\"\"                 begins and ends a message of several lines

        """

    private mutating func obey(_ name: String, _ argument: String) async throws {
        do {
            switch name {
            case "help", "?": Console.write(Self.help)
            case "new": messages.removeAll { $0.role != "system" }
            case "retry": try await retry()
            case "system": say(toModel: argument)
            case "set": try set(argument)
            case "save": try save(try path(argument, "/save FILE"))
            case "load": try load(try path(argument, "/load FILE"))
            default: throw CommandError("there is no /\(name): /help shows what there is")
            }
        } catch let error as CommandError where terminal.isInteractive || name != "retry" {
            Console.error("\(error)")
        }
    }

    private mutating func retry() async throws {
        if let unanswered { return try await ask(unanswered) }
        guard let last = messages.lastIndex(where: { $0.role == "user" }) else {
            throw CommandError("nothing was asked yet")
        }
        let before = messages
        let question = messages[last]
        messages.removeSubrange(last...)
        try await ask(question)
        if unanswered != nil { (messages, unanswered) = (before, nil) }
    }

    private mutating func say(toModel text: String) {
        let isSystem = messages.first?.role == "system"
        guard !text.isEmpty else {
            return Console.error(isSystem ? "system: \(messages[0].content)" : "the model is told nothing before")
        }
        if isSystem { messages.removeFirst() }
        if text != "-" { messages.insert(ChatMessage(role: "system", content: text), at: 0) }
    }

    private mutating func set(_ argument: String) throws {
        let parts = argument.split(whereSeparator: { $0.isWhitespace || $0 == "=" })
        guard !parts.isEmpty else { return Console.write(settings.description.joined(separator: "\n") + "\n") }
        guard parts.count == 2 else { throw CommandError("/set takes a name and a value, as /set temperature 0.2") }
        try settings.set(String(parts[0]), to: String(parts[1]))
    }

    // MARK: Files

    private func path(_ argument: String, _ usage: String) throws -> String {
        guard !argument.isEmpty else { throw CommandError("which file? \(usage)") }
        return URL(filePath: NSString(string: argument).expandingTildeInPath).standardizedFileURL.path
    }

    private mutating func save(_ path: String) throws {
        guard files.contains(path) || !FileManager.default.fileExists(atPath: path) else {
            throw CommandError("\(path) is there already: give another name")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(messages) + Data("\n".utf8)
        guard FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: 0o600])
        else { throw CommandError("\(path) cannot be written: is there such a folder, and may you write there?") }
        files.insert(path)
        Console.error("\(messages.count) message\(messages.count == 1 ? "" : "s") saved in \(path)")
    }

    private mutating func load(_ path: String) throws {
        let text = try TextFile.read(path, limit: 64 << 20, purpose: "give a file that /save wrote")
        guard let loaded = try? JSONDecoder().decode([ChatMessage].self, from: Data(text.utf8)),
            loaded.allSatisfy({ ["system", "user", "assistant"].contains($0.role) })
        else { throw CommandError("\(path) is no conversation: give a file that /save wrote") }
        messages = loaded
        unanswered = nil
        files.insert(path)
        Console.error("\(loaded.count) message\(loaded.count == 1 ? "" : "s") loaded from \(path)")
    }
}
