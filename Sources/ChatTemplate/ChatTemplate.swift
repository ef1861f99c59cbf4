/// A chat template in Jinja's language, as model files carry it, read once and rendered often.
///
/// Understands what chat templates use: Jinja 3.1 with `trim_blocks`, `lstrip_blocks`, loop controls, and the extras of Hugging
/// Face's transformers (`raise_exception`, `strftime_now`, `tojson` without HTML escapes, `generation` blocks) and of llama.cpp
/// (`from_json`). Not known are other templates (`include`, `import`, `extends`, `block`), what changes lists and dictionaries in place
/// (`append`, `update`), and texts that are safe: `safe` changes nothing, and `+` never escapes. A template is not
/// trusted: it has no access to anything but its variables, and work, output and nesting are bounded.
package struct ChatTemplate: Sendable {
    private let statements: [Statement]
    /// What one rendering may use up.
    package var limits = TemplateLimits()

    /// Reads a template.
    /// - Throws: `TemplateError` with the line of what cannot be understood.
    package init(source: String) throws(TemplateError) {
        guard source.utf8.count <= Self.largestSource else {
            throw TemplateError(
                code: .limit, line: 1, message: "the template is larger than \(Self.largestSource) bytes")
        }
        statements = try Parser.statements(of: source)
    }

    /// Real ones have some 10 KB; what is read takes up to 64 times as much memory.
    private static let largestSource = 256 << 10

    /// Renders the prompt of a chat.
    /// - Parameters:
    ///   - messages: dictionaries with `role`, `content` and what else the template knows.
    ///   - tools: dictionaries that describe functions; nil for none.
    ///   - addGenerationPrompt: whether the prompt ends with the opening of the assistant's answer.
    ///   - variables: `bos_token`, `eos_token` and whatever else the caller passes on; these win over the three above.
    ///   - now: the local time that `strftime_now` shows; nil makes its use an error.
    ///   - goesOn: asked now and then on the caller's thread; rendering stops once it says no.
    /// - Throws: `TemplateError`; its code `raised` when the template itself refuses the messages.
    package func render(
        messages: [Value], tools: [Value]? = nil, addGenerationPrompt: Bool = true, variables: [String: Value] = [:],
        now: CivilTime? = nil, goesOn: @escaping () -> Bool = { true }
    ) throws(TemplateError) -> String {
        var all: [String: Value] = [
            "messages": .array(messages), "tools": tools.map(Value.array) ?? .null,
            "add_generation_prompt": .boolean(addGenerationPrompt), "documents": .null,
        ]
        all.merge(variables) { $1 }
        return try render(variables: all, now: now, goesOn: goesOn)
    }

    /// Renders with exactly these variables.
    /// - Throws: `TemplateError`.
    package func render(
        variables: [String: Value], now: CivilTime? = nil, goesOn: @escaping () -> Bool = { true }
    ) throws(TemplateError) -> String {
        var evaluator = Evaluator(variables: variables, limits: limits, now: now, goesOn: goesOn)
        return try evaluator.run(statements)
    }
}
