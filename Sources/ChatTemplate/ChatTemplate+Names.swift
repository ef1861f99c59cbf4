extension ChatTemplate {
    /// Whether a template's code, its texts and comments left out, has a name in it, such as that of a variable.
    ///
    /// - Throws: `TemplateError` where it cannot be cut into words.
    package static func source(_ source: String, names name: String) throws(TemplateError) -> Bool {
        try Lexer.tokens(of: source).contains { $0.kind == .name(name) }
    }
}
