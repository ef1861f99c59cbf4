/// A message's `content`: a text, or a list of parts of which only texts are supported.
package struct MessageContent: Decodable, Sendable, Equatable {
    /// The text; several parts are joined by line breaks.
    package var text: String

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self.text = text
            return
        }
        guard var parts = try? decoder.unkeyedContainer() else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "must be a string or a list of text parts"))
        }
        var texts: [String] = []
        while !parts.isAtEnd {
            texts.append(try parts.decode(Part.self).text)
        }
        text = texts.joined(separator: "\n")
    }

    private struct Part: Decodable {
        var text: String

        enum CodingKeys: String, CodingKey {
            case type, text
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let type = try container.decode(String.self, forKey: .type)
            guard type == "text" else {
                throw DecodingError.dataCorruptedError(
                    forKey: .type, in: container, debugDescription: "\"\(type)\" parts are not supported, only \"text\""
                )
            }
            text = try container.decode(String.self, forKey: .text)
        }
    }
}
