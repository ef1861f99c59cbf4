import CoordinatorCore

/// The answer of `GET /api/models`.
package struct KnownModelList: Codable, Sendable, Equatable {
    package var models: [KnownModelBody]
}

/// A model that is or was placed. Sizes are in bytes.
package struct KnownModelBody: Codable, Sendable, Equatable {
    /// What a device's store has of it.
    package struct Device: Codable, Sendable, Equatable {
        package var name: String
        package var connected: Bool
        /// Whole shards.
        package var shards: Int
        package var bytes: Int
    }

    package var id: String
    /// Where its file is; only for clients on the coordinator's machine.
    package var path: String?
    /// `present`, `changed` or `missing`.
    package var file: String
    package var bytes: Int
    package var placed: Bool
    /// `ok`, `starting` or `unavailable`; absent while it is not placed.
    package var status: HealthBody?
    /// How many shards of it are known.
    package var shards: Int
    package var devices: [Device]
}

extension KnownModelBody {
    init(_ model: KnownModel, showsPath: Bool) {
        self.init(
            id: model.id, path: showsPath ? model.path : nil, file: model.file.rawValue, bytes: model.bytes,
            placed: model.readiness != nil, status: model.readiness.map { HealthBody($0) }, shards: model.ids.count,
            devices: model.devices.map {
                Device(name: $0.name, connected: $0.connected, shards: $0.shards, bytes: $0.bytes)
            })
    }
}
