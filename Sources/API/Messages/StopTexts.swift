/// `stop`: one text or a list of them.
package struct StopTexts: Decodable, Sendable, Equatable {
    /// OpenAI takes 4; more cost little.
    static let maximumCount = 64
    /// Bytes of one; each is looked for behind every token.
    static let maximumBytes = 1024

    /// The texts, none of them empty.
    package var texts: [String]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            texts = [text]
        } else if let list = try? container.decode([String].self) {
            texts = list
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "must be a string or a list of strings")
        }
        texts.removeAll(where: \.isEmpty)
        guard texts.count <= Self.maximumCount else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "has \(texts.count) texts; at most \(Self.maximumCount) are taken")
        }
        guard texts.allSatisfy({ $0.utf8.count <= Self.maximumBytes }) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "has a text of more than \(Self.maximumBytes) bytes")
        }
    }
}
