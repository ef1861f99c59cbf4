/// The body of every error: `{"error": {"message", "type", "param", "code"}}`.
package struct ErrorBody: Codable, Sendable, Equatable {
    /// What is wrong.
    package struct Details: Codable, Sendable, Equatable {
        /// The cause and the mend, for people.
        package var message: String
        /// OpenAI's kind of error.
        package var type: String
        /// The parameter at fault.
        package var parameter: String?
        /// A word for programs.
        package var code: String?

        enum CodingKeys: String, CodingKey {
            case message, type, code
            case parameter = "param"
        }

        /// Writes all four keys, as null where there is nothing.
        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(message, forKey: .message)
            try container.encode(type, forKey: .type)
            try container.encode(parameter, forKey: .parameter)
            try container.encode(code, forKey: .code)
        }
    }

    /// What is wrong.
    package var error: Details
}
