import ChatTemplate

/// A conversation as files have it: a list of messages, or the body of a request for one.
struct ConversationFile {
    let messages: [Value]
    let tools: [Value]?

    private static let example = #"[{"role": "user", "content": "Hi"}]"#

    /// - Parameters:
    ///   - messages: the file of the messages; `-` is standard input.
    ///   - tools: the file of the tools, if they are in one of their own.
    /// - Throws: `CommandError` with the file, the line where the JSON breaks off, and what it should be.
    init(messages: String, tools: String?) throws {
        let purpose = "give --messages a JSON list such as \(Self.example)"
        let name = Self.name(messages)
        let document = try Self.json(messages, purpose: purpose)
        var list = document
        var described: Value?
        if case .mapping(let body) = document {
            guard let inBody = body["messages"] else { throw CommandError("\(name) has no \"messages\"; \(purpose)") }
            list = inBody
            described = body["tools"]
        }
        self.messages = try Self.list(list, name, "messages", purpose: purpose)
        for (index, message) in self.messages.enumerated() {
            guard case .mapping(let fields) = message, case .string = fields["role"] else {
                throw CommandError(
                    "\(name): message \(index + 1) of \(self.messages.count) is no object with a \"role\"; \(purpose)")
            }
        }
        let toolsPurpose = "give --tools a JSON list of objects, each a function's description"
        if let tools { described = try Self.json(tools, purpose: toolsPurpose) }
        switch described {
        case nil, .some(.null): self.tools = nil
        case .some(let value):
            let name = tools.map(Self.name) ?? name
            let list = try Self.list(value, name, "tools", purpose: toolsPurpose)
            for (index, tool) in list.enumerated() {
                guard case .mapping = tool else {
                    throw CommandError("\(name): tool \(index + 1) of \(list.count) is no object; \(toolsPurpose)")
                }
            }
            self.tools = list.isEmpty ? nil : list
        }
    }

    private static func name(_ path: String) -> String { path == "-" ? "standard input" : path }

    private static func list(_ value: Value, _ name: String, _ what: String, purpose: String) throws -> [Value] {
        guard case .list(let list) = value else { throw CommandError("\(name): the \(what) are no list; \(purpose)") }
        return list.elements
    }

    private static func json(_ path: String, purpose: String) throws -> Value {
        let text = try TextFile.read(path, limit: 64 << 20, purpose: purpose)
        do throws(JSONError) {
            return try Value(json: text)
        } catch {
            let line = 1 + text.utf8.prefix(error.offset).count { $0 == 0x0a }
            throw CommandError("\(name(path)), line \(line): \(error.message); \(purpose)")
        }
    }
}
