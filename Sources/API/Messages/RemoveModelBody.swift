import CoordinatorCore

/// The body of `POST /api/models/remove`.
package struct RemoveModelRequest: Codable, Sendable, Equatable {
    /// The model's id, or the path of its file.
    package var model: String
    /// Whether one that is served is taken away first.
    package var unload: Bool?
    /// Whether its file stays in any case.
    package var keepFile: Bool?
    /// Whether it is only told what would be removed.
    package var dryRun: Bool?

    package init(model: String, unload: Bool? = nil, keepFile: Bool? = nil, dryRun: Bool? = nil) {
        self.model = model
        self.unload = unload
        self.keepFile = keepFile
        self.dryRun = dryRun
    }

    enum CodingKeys: String, CodingKey {
        case model, unload
        case keepFile = "keep_file"
        case dryRun = "dry_run"
    }
}

/// The answer of `POST /api/models/remove`: what was removed, or would be. Sizes are in bytes.
package struct RemovedModelBody: Codable, Sendable, Equatable {
    package struct Device: Codable, Sendable, Equatable {
        package var name: String
        package var bytes: Int
        /// Why it keeps some or all of it; absent where it keeps nothing.
        package var reason: String?
    }

    package struct File: Codable, Sendable, Equatable {
        package var path: String
        package var removed: Bool
        package var bytes: Int?
        /// Why it stays.
        package var reason: String?
    }

    package var model: String
    package var devices: [Device]
    /// What the coordinator's machine kept packed.
    package var packedBytes: Int
    package var file: File

    enum CodingKeys: String, CodingKey {
        case model, devices, file
        case packedBytes = "packed_bytes"
    }
}

extension RemovedModelBody {
    init(_ removal: ModelRemoval) {
        let file =
            switch removal.file {
            case .removed(let bytes): File(path: removal.path, removed: true, bytes: bytes)
            case .kept(let reason): File(path: removal.path, removed: false, reason: reason)
            }
        self.init(
            model: removal.id,
            devices: removal.devices.map { Device(name: $0.name, bytes: $0.bytes, reason: $0.reason) },
            packedBytes: removal.packedBytes, file: file)
    }
}
