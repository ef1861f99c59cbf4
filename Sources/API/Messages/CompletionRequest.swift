/// The body of `POST /v1/completions`.
package struct CompletionRequest: Decodable, Sendable, Equatable {
    package var prompt: CompletionPrompt
    package var fields: GenerationFields

    enum CodingKeys: String, CodingKey {
        case prompt, echo, suffix
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        prompt = try container.decode(CompletionPrompt.self, forKey: .prompt)
        fields = try GenerationFields(from: decoder)
        if try container.decodeIfPresent(Bool.self, forKey: .echo) == true {
            fields.refusal = .unsupported("echo", "echo is not supported")
        }
        if let suffix = try container.decodeIfPresent(String.self, forKey: .suffix), !suffix.isEmpty {
            fields.refusal = .unsupported("suffix", "suffix is not supported")
        }
    }
}
