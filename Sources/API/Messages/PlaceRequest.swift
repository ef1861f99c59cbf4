/// The body of `POST /api/models/place`.
package struct PlaceRequest: Codable, Sendable {
    /// An absolute path on the coordinator's machine.
    package var path: String

    package init(path: String) { self.path = path }
}

/// The answer of `POST /api/models/unload`.
package struct UnloadBody: Codable, Sendable, Equatable {
    /// The id of the model that was placed.
    package var unloaded: String
}
