/// `prompt`: a text, a list with one text, or the ids of tokens.
package enum CompletionPrompt: Decodable, Sendable, Equatable {
    case text(String)
    case tokens([UInt32])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let texts = try? container.decode([String].self), texts.count == 1 {
            self = .text(texts[0])
        } else if let tokens = try? container.decode([UInt32].self), !tokens.isEmpty {
            self = .tokens(tokens)
        } else if let lists = try? container.decode([[UInt32]].self), lists.count == 1, !lists[0].isEmpty {
            self = .tokens(lists[0])
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "must be a string, a list with one string, or a list of token ids")
        }
    }
}
