import Formats
package import GGUF
package import Wire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Remembers the ids of a model's shards in a folder, so that a second start need not read the whole file.
///
/// One JSON file per model, named by its path. What it says is believed only while the model's path, size and time of
/// change are those it was written for. Safe from any thread; a cache that cannot be read or written is as good as none.
package struct ShardIDCache: Sendable {
    private let file: String
    private let fingerprint: Fingerprint

    private struct Fingerprint: Codable, Sendable, Equatable {
        var path: String
        var bytes: Int
        /// Nanoseconds since 1970, rounded as the system gives them.
        var changed: Double
    }

    private struct Document: Codable {
        var model: Fingerprint
        /// Hexadecimal ids by the part's name.
        var shards: [String: String]
    }

    /// - Returns: `nil` when the model is no file whose time of change is known.
    package init?(folder: String, model: GGUFFile) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: model.path),
            let changed = attributes[.modificationDate] as? Date
        else { return nil }
        let path = model.path.hasPrefix("/") ? model.path : FileManager.default.currentDirectoryPath + "/" + model.path
        fingerprint = Fingerprint(path: path, bytes: model.bytes.count, changed: changed.timeIntervalSince1970)
        let name = String(path.map { $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" ? $0 : "_" }.suffix(200))
        file = "\(folder)/shards-of-\(name).json"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// The ids known for this very file.
    func load() -> [String: ShardID] {
        guard let data = FileManager.default.contents(atPath: file),
            let document = try? JSONDecoder().decode(Document.self, from: data), document.model == fingerprint
        else { return [:] }
        return document.shards.compactMapValues { ShardID(hexadecimal: $0) }
    }

    package func store(_ ids: [String: ShardID]) {
        let document = Document(model: fingerprint, shards: ids.mapValues { $0.description })
        guard let data = try? JSONEncoder().encode(document) else { return }
        try? data.write(to: URL(filePath: file), options: .atomic)
    }

    /// A model that was placed from here at some time.
    struct Remembered: Sendable {
        var path: String
        var bytes: Int
        var ids: [ShardID]
        var file: KnownModel.File
    }

    /// All models that are remembered in a folder.
    static func all(in folder: String) -> [Remembered] {
        let names = Folder.names(in: folder).filter { $0.hasPrefix("shards-of-") && $0.hasSuffix(".json") }.sorted()
        return names.compactMap { name in
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
                let document = try? JSONDecoder().decode(Document.self, from: data)
            else { return nil }
            let attributes = try? FileManager.default.attributesOfItem(atPath: document.model.path)
            let changed = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970
            let bytes = (try? MappedFile(path: document.model.path))?.count
            let isSame = bytes == document.model.bytes && changed == document.model.changed
            return Remembered(
                path: document.model.path, bytes: document.model.bytes,
                ids: document.shards.values.compactMap { ShardID(hexadecimal: $0) }.sorted(),
                file: bytes == nil ? .missing : isSame ? .present : .changed)
        }
    }
}
