import ChatTemplate
import Testing

@Suite struct NamesTests {
    @Test(
        "a name counts in a template's code only",
        arguments: [
            ("{% if tools %}{{ tools | tojson }}{% endif %}", true), ("{% for tool in tools %}x{% endfor %}", true),
            ("You have tools. {# tools #}{{ 'tools' }}{{ toolset }}", false),
            ("{% raw %}{{ tools }}{% endraw %}", false),
            ("", false),
        ])
    func names(source: String, names: Bool) throws {
        #expect(try ChatTemplate.source(source, names: "tools") == names)
    }

    @Test("what is no template has no names")
    func noTemplate() {
        #expect(throws: TemplateError.self) { try ChatTemplate.source("{{ 'tools", names: "tools") }
    }
}
