/// One message of a conversation.
package struct ChatMessage: Decodable, Sendable, Equatable {
    /// Who says it.
    package enum Role: String, Sendable, CaseIterable {
        case system, user, assistant, tool, developer
    }

    package var role: Role
    /// The text; several text parts are joined by line breaks.
    package var content: String

    /// Describes a message.
    package init(role: Role, content: String) {
        self.role = role
        self.content = content
    }

    enum CodingKeys: String, CodingKey {
        case role, content
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let name = try container.decode(String.self, forKey: .role)
        guard let role = Role(rawValue: name) else {
            let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(
                forKey: .role, in: container, debugDescription: "\"\(name)\" is not one of \(known)")
        }
        self.role = role
        if role == .assistant, try !container.contains(.content) || container.decodeNil(forKey: .content) {
            content = ""
        } else {
            content = try container.decode(MessageContent.self, forKey: .content).text
        }
    }
}
