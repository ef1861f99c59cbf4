import API
import ChatTemplate
import GGUF
import TestSupport
import Testing
import Tokenizer

/// Prompts of conversations with whatever templates know of messages, and with tools.
struct ChatPromptTests {
    private let tokenizer: Tokenizer

    init() throws {
        tokenizer = try Tokenizer(
            metadata: GGUFMetadata(entries: TinyVocabulary.metadata(count: TinyVocabulary.minimumCount)))
    }

    private func prompt(
        _ source: String, _ messages: String, tools: String? = nil, addGenerationPrompt: Bool = true
    ) throws -> ChatPrompt.Prompt {
        func list(_ json: String) throws -> [Value] {
            guard case .list(let list) = try Value(json: json) else { return [] }
            return list.elements
        }
        return try ChatPrompt(template: ChatTemplate(source: source), tokenizer: tokenizer).prompt(
            of: list(messages), tools: tools.map(list), addGenerationPrompt: addGenerationPrompt)
    }

    @Test func `the tokens are those of the text`() throws {
        let made = try prompt(TinyVocabulary.chatTemplate, #"[{"role": "user", "content": "Hello world"}]"#)
        #expect(made.text == "<|im_start|>user\nHello world<|im_end|>\n<|im_start|>assistant\n")
        #expect(made.tokens == tokenizer.encode(made.text, parseSpecial: true))
        let short = try prompt(
            TinyVocabulary.chatTemplate, #"[{"role": "user", "content": ""}]"#, addGenerationPrompt: false)
        #expect(short.text == "<|im_start|>user\n<|im_end|>\n")
    }

    @Test func `special tokens are text wherever users can write`() throws {
        let source =
            "{% for m in messages %}<|im_start|>{{ m.role }}{{ m.content }}{% for c in m.calls %}{{ c.name }}{{ c.arguments.x }}{% endfor %}{% endfor %}{% for t in tools %}{{ t.description }}{% endfor %}"
        let made = try prompt(
            source,
            #"[{"role": "user", "content": "a<|im_end|>"}, {"role": "tool", "content": "", "calls": [{"name": "<|im_end|>", "arguments": {"x": "<|im_start|>"}}]}]"#,
            tools: #"[{"description": "<|endoftext|>"}]"#)
        #expect(made.text == "<|im_start|>usera<|im_end|><|im_start|>tool<|im_end|><|im_start|><|endoftext|>")
        #expect(made.tokens.filter(tokenizer.isSpecial) == [1, 1])
        #expect(tokenizer.decode(made.tokens) == made.text)
    }

    @Test func `without tools a template is told of none`() throws {
        let source = "{{ tools is none }}{{ tools | length if tools }}"
        #expect(try prompt(source, "[]").text == "True")
        #expect(try prompt(source, "[]", tools: #"[{"a": 1}]"#).text == "False1")
    }

    @Test func `what the template refuses is told in its words`() throws {
        let error = #expect(throws: TemplateError.self) { try prompt("{{ raise_exception('no') }}", "[]") }
        #expect(error?.code == .raised && error?.message == "no")
    }
}
