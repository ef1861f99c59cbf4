import ChatTemplate
import Foundation
import TestSupport
import Testing

/// Real models' templates against what Hugging Face's transformers rendered.
@Suite("Golden chat templates", .enabled(if: Golden.isPresent, Comment(rawValue: Golden.absence)))
struct GoldenChatTests {
    /// All that are there.
    static let names = ((try? Golden.files(in: "chat", suffix: ".jinja")) ?? []).map {
        $0.deletingPathExtension().lastPathComponent
    }

    @Test func `are found`() { #expect(Self.names.count >= 8 && Self.names.contains("qwen2.5")) }

    @Test(arguments: names)
    func `render every case exactly`(name: String) throws {
        let golden = try GoldenChat(name)
        #expect(golden.cases.count >= 17)
        for chat in golden.cases {
            let outcome = Result { () throws(TemplateError) in try golden.render(chat) }
            switch (chat.expectation, outcome) {
            case (.rendered(let text), .success(let rendered)):
                #expect(Array(rendered.utf8) == Array(text.utf8), "\(name), \(chat.name)")
            case (.raises(let message, byTemplate: true), .failure(let error)):
                #expect(error.code == .raised && error.message == message, "\(name), \(chat.name): \(error)")
            case (.raises(_, byTemplate: false), .failure(let error)):
                #expect(error.code != .raised && error.code != .unsupported, "\(name), \(chat.name): \(error)")
            default: Issue.record("\(name), \(chat.name): expected \(chat.expectation), got \(outcome)")
            }
        }
    }
}

/// A golden template with its cases.
struct GoldenChat {
    enum Expectation {
        case rendered(String)
        case raises(String, byTemplate: Bool)
    }

    struct Case {
        let name: String
        let messages: [Value]
        let tools: [Value]?
        let variables: [String: Value]
        let expectation: Expectation
    }

    let source: String
    let cases: [Case]
    private let variables: [String: Value]

    init(_ name: String) throws {
        source = String(decoding: try Golden.bytes("chat/\(name).jinja"), as: UTF8.self)
        let file = try Value(json: try Golden.bytes("chat/\(name).json"))
        variables = ["bos_token": file["bos_token"] ?? .null, "eos_token": file["eos_token"] ?? .null]
        cases = try (file["cases"]?.elements ?? []).map { entry in
            let expectation: Expectation
            if let text = entry["rendered"]?.text {
                expectation = .rendered(text)
            } else {
                expectation = .raises(
                    try #require(entry["raises"]?.text), byTemplate: entry["raises_class"]?.text == "TemplateError")
            }
            var variables: [String: Value] = [:]
            if case .mapping(let mapping) = entry["kwargs"] {
                for (key, value) in zip(mapping.keys, mapping.values) { variables[key] = value }
            }
            return Case(
                name: entry["case"]?.text ?? "?", messages: try #require(entry["messages"]?.elements),
                tools: entry["tools"]?.elements, variables: variables, expectation: expectation)
        }
    }

    func render(_ chat: Case) throws(TemplateError) -> String {
        // The goldens' clock is frozen.
        let now = CivilTime(year: 2025, month: 3, day: 9, hour: 14, minute: 5, second: 7)
        return try ChatTemplate(source: source).render(
            messages: chat.messages, tools: chat.tools, variables: variables.merging(chat.variables) { $1 }, now: now)
    }
}

extension Value {
    /// The value of a key of a dictionary.
    subscript(key: String) -> Value? { if case .mapping(let mapping) = self { mapping[key] } else { nil } }
    /// The elements of a list.
    var elements: [Value]? { if case .list(let list) = self { list.elements } else { nil } }
    /// A text.
    var text: String? { if case .string(let text) = self { text } else { nil } }
}
