package import ClusterStore

/// The body of `POST /api/models/place`, and of `POST /api/models/plan`, which tells what would be placed.
///
/// Beside the path it may have what is wished of the placement (`PlacementWishes`), in place of what the coordinator was started with.
package struct PlaceRequest: Codable, Sendable {
    /// An absolute path on the coordinator's machine.
    package var path: String
    package var wishes: PlacementWishes

    package init(path: String, wishes: PlacementWishes = PlacementWishes()) {
        self.path = path
        self.wishes = wishes
    }

    private enum CodingKeys: CodingKey { case path }

    package init(from decoder: any Decoder) throws {
        path = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .path)
        wishes = try PlacementWishes(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        try wishes.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(path, forKey: .path)
    }
}

/// The answer of `POST /api/models/unload`.
package struct UnloadBody: Codable, Sendable, Equatable {
    /// The id of the model that was placed.
    package var unloaded: String
}
