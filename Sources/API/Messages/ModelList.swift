import CoordinatorCore

/// The answer of `GET /v1/models`.
package struct ModelList: Encodable, Sendable {
    package var object = "list"
    package var data: [ModelBody]
}

/// The answer of `GET /v1/models/{id}`.
package struct ModelBody: Encodable, Sendable {
    package var id: String
    package var object = "model"
    /// Seconds since 1970.
    package var created: Int
    package var ownedBy = "shoal"
    /// Not OpenAI's: how many tokens prompt and answer may have together.
    package var contextLength: Int

    enum CodingKeys: String, CodingKey {
        case id, object, created
        case ownedBy = "owned_by"
        case contextLength = "context_length"
    }

    init(_ model: ServedModel) {
        id = model.id
        created = model.created
        contextLength = model.context
    }
}
