import GGUF
import Placement
package import Wire

/// A model that is placed or was placed from here.
package struct KnownModel: Sendable {
    /// What a device has of it in its store.
    package struct Device: Sendable, Hashable {
        package var name: String
        /// Whether it answered.
        package var connected: Bool
        /// Whole shards.
        package var shards: Int
        /// Bytes of whole and partial shards.
        package var bytes: Int
    }

    package enum File: String, Sendable, Hashable {
        case present
        /// Another file is there now: placing it sends other shards.
        case changed
        case missing
    }

    /// The file's name without its folder and `.gguf`, and without a split model's numbers.
    package var id: String
    package var path: String
    package var file: File
    /// Of the file.
    package var bytes: Int
    /// What it does; `nil` while it is not placed.
    package var readiness: Readiness?
    /// The shards that devices were sent, as far as they are known.
    package var ids: [ShardID]
    /// The devices other than the coordinator's own.
    package var devices: [Device] = []
}

extension KnownModel {
    /// The placed model and those that are remembered, by their ids.
    package static func all(present: Coordinator?, dataFolder: String?) -> [KnownModel] {
        var models = (dataFolder.map { ShardIDCache.all(in: $0) } ?? []).map { remembered in
            KnownModel(
                id: ServedModel.id(path: remembered.path), path: remembered.path,
                file: remembered.file, bytes: remembered.bytes, ids: remembered.ids)
        }
        if let present {
            let path = present.shards.model.path
            models.removeAll { $0.path == path || $0.path.hasSuffix("/\(path)") }
            models.append(
                KnownModel(
                    id: present.model.id, path: path, file: .present, bytes: present.model.fileBytes,
                    readiness: present.readiness, ids: present.shards.known.values.sorted()))
        }
        return models.sorted { ($0.id, $0.path) < ($1.id, $1.path) }
    }
}

extension KnownModel.Device {
    /// - Parameter holdings: of the shards of several models; `nil` where the device did not answer.
    init(name: String, of ids: [ShardID], holdings: [ShardHolding]?) {
        let wanted = Set(ids)
        let own = (holdings ?? []).filter { wanted.contains($0.id) }
        self.init(
            name: name, connected: holdings != nil, shards: own.count(where: \.complete),
            bytes: Int(clamping: own.reduce(UInt64(0)) { $0.saturatingAdd($1.bytesHeld) }))
    }
}
