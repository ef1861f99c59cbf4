package import Grammar

/// What an answer must be, by `response_format` or `grammar`.
package enum AnswerConstraint: Sendable, Hashable {
    /// Any JSON object.
    case object
    /// A document that a JSON Schema allows, and the parameter that has it.
    case schema(OrderedJSON, parameter: String)
    /// A text of a grammar in GBNF.
    case gbnf(String)

    /// Reads the grammar. Takes its time.
    /// - Throws: a bad request that names the place.
    func grammar() throws(APIError) -> Grammar {
        do throws(GrammarError) {
            switch self {
            case .object: return .anyObject
            case .schema(let schema, _): return try Grammar(schema: schema)
            case .gbnf(let text): return try Grammar(gbnf: text)
            }
        } catch {
            throw refusal(error)
        }
    }

    /// An error of the grammar as a bad request.
    func refusal(_ error: GrammarError) -> APIError {
        switch self {
        case .object: .serverError("any object is no grammar: \(error)")
        case .schema(_, let parameter):
            .invalidRequest("\(parameter) \(error)", parameter: parameter, code: "invalid_json_schema")
        case .gbnf: .invalidRequest("grammar, \(error)", parameter: "grammar", code: "invalid_grammar")
        }
    }
}

/// `response_format`: text, any JSON object, or JSON of a schema. As with llama.cpp's server, `json_object` may have a `schema` too.
struct ResponseFormat: Decodable {
    let constraint: AnswerConstraint?

    private enum CodingKeys: String, CodingKey {
        case type, schema
        case named = "json_schema"
    }

    private struct NamedSchema: Decodable {
        var schema: OrderedField
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .type) {
        case "text": constraint = nil
        case "json_object":
            let schema = try container.decodeIfPresent(OrderedField.self, forKey: .schema)
            constraint = schema.map { .schema($0.value, parameter: "response_format.schema") } ?? .object
        case "json_schema":
            let named = try container.decode(NamedSchema.self, forKey: .named)
            constraint = .schema(named.schema.value, parameter: "response_format.json_schema.schema")
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container,
                debugDescription: "is \"\(other)\"; \"text\", \"json_object\" and \"json_schema\" are supported")
        }
    }
}
