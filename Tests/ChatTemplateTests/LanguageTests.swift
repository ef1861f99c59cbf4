import ChatTemplate
import Testing

@Suite("Template language")
struct LanguageTests {
    private static let now = CivilTime(year: 2025, month: 3, day: 9, hour: 14, minute: 5, second: 7)

    private func render(_ source: String) throws -> String {
        guard case .mapping(let mapping) = try Value(json: LanguageCases.variables) else { return "no variables" }
        return try ChatTemplate(source: source).render(
            variables: Dictionary(zip(mapping.keys, mapping.values)) { $1 }, now: Self.now)
    }

    private static let rendered = LanguageCases.rendered + LanguageCases.ofPython

    @Test(arguments: rendered.map(\.topic))
    func `small templates render as Jinja renders them`(topic: String) throws {
        for (template, text) in Self.rendered.filter({ $0.topic == topic }).flatMap(\.cases) {
            do {
                let rendered = try render(template)
                #expect(Array(rendered.utf8) == Array(text.utf8), "\(template)\n\(rendered)\n\(text)")
            } catch {
                Issue.record("\(template): \(error)")
            }
        }
    }

    @Test(arguments: LanguageCases.failing + LanguageCases.failingOfPython)
    func `what Jinja cannot render is refused with its line`(template: String) throws {
        let readable = try ChatTemplate(source: "\n\n" + template)
        let error = try #require(throws: TemplateError.self) {
            guard case .mapping(let mapping) = try Value(json: LanguageCases.variables) else { return }
            _ = try readable.render(variables: Dictionary(zip(mapping.keys, mapping.values)) { $1 })
        }
        #expect(error.line == 3)
        #expect([.type, .undefined, .unsupported].contains(error.code), "\(error)")
    }

    @Test(arguments: LanguageCases.unreadable + LanguageCases.unreadableOfPython)
    func `what Jinja cannot read is refused with its line`(template: String) throws {
        let error = try #require(throws: TemplateError.self) { try ChatTemplate(source: "a\nb\n" + template) }
        #expect(error.code == .syntax && error.line == 3, "\(error)")
        #expect(error.description.hasPrefix("chat template, line 3: "))
    }

    @Test func `a template refuses messages in its own words`() throws {
        let template = try ChatTemplate(source: "{{ raise_exception('No ' + messages[0].role) }}")
        let error = try #require(throws: TemplateError.self) { try template.render(messages: [["role": "king"]]) }
        #expect(error.code == .raised && error.message == "No king")
        #expect(error.description.contains("refuses the messages: No king"))
    }

    @Test func `without a clock its use is an error`() throws {
        let template = try ChatTemplate(source: "{{ strftime_now('%Y') }}")
        #expect(try template.render(messages: [], now: Self.now) == "2025")
        #expect(throws: TemplateError.self) { try template.render(messages: []) }
    }

    @Test func `generation blocks are transparent`() throws {
        #expect(try render("a{% generation %}{% set n = 1 %}b{% endgeneration %}{{ n }}") == "ab1")
    }
}
