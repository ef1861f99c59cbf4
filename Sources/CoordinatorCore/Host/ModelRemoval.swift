/// What is removed of a model, or would be. Sizes are in bytes.
package struct ModelRemoval: Sendable, Hashable {
    /// How a model is removed.
    package struct Wish: Sendable, Hashable {
        /// The model's id, or the path of its file.
        package var model: String
        /// Whether one that is served is taken away first.
        package var unloads = false
        package var keepsFile = false
        /// Whether it is only told what would be removed.
        package var isDry = false

        package init(model: String, unloads: Bool = false, keepsFile: Bool = false, isDry: Bool = false) {
            self.model = model
            self.unloads = unloads
            self.keepsFile = keepsFile
            self.isDry = isDry
        }
    }

    package struct Device: Sendable, Hashable {
        package var name: String
        /// What it freed; before that, what its whole and partial shards have. What is packed beside them comes on top.
        package var bytes: Int
        /// Why it keeps some or all of it; `nil` where it keeps nothing.
        package var reason: String?
    }

    package enum File: Sendable, Hashable {
        case removed(bytes: Int)
        /// It stays, and why.
        case kept(String)
    }

    package var id: String
    /// Of the model's file, or the first of several.
    package var path: String
    package var devices: [Device]
    /// Bytes that this machine kept packed of it; 0 before it is removed.
    package var packedBytes: Int
    package var file: File
}
