/// `stream_options`.
package struct StreamOptions: Decodable, Sendable, Equatable {
    /// Asks for a last chunk with the usage.
    package var includeUsage: Bool

    enum CodingKeys: String, CodingKey {
        case includeUsage = "include_usage"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        includeUsage = try container.decodeIfPresent(Bool.self, forKey: .includeUsage) ?? false
    }
}
