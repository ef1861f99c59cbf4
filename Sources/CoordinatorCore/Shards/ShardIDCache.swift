import Formats
package import GGUF
import Placement
package import Wire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Remembers the ids of a model's shards in a folder, so that a second start need not read the whole file.
///
/// One JSON file per model, named by its path. What it says is believed only while the path, size and time of change of each of the model's
/// files are those it was written for. Safe from any thread; a cache that cannot be read or written is as good as none.
package struct ShardIDCache: Sendable {
    private let file: String
    /// The model's files as they are: one, or those of a split model.
    private let files: [FileState]

    private struct FileState: Codable, Sendable, Equatable {
        var path: String
        var bytes: Int
        /// When it was changed, in seconds since 1970, rounded as the system gives it.
        var changed: Double
    }

    private struct Document: Codable {
        var model: FileState
        /// The later files of a split model; absent for others.
        var laterFiles: [FileState]?
        /// Hexadecimal ids by the part's name.
        var shards: [String: String]

        var files: [FileState] { [model] + (laterFiles ?? []) }
    }

    /// - Returns: `nil` when the model is in no files whose times of change are known.
    package init?(folder: String, model: GGUFFile) {
        var files: [FileState] = []
        for part in model.parts {
            guard let changed = Self.changed(part.path) else { return nil }
            let path = part.path.hasPrefix("/") ? part.path : FileManager.default.currentDirectoryPath + "/" + part.path
            files.append(FileState(path: path, bytes: part.bytes.count, changed: changed))
        }
        self.files = files
        let path = files[0].path
        let name = String(path.map { $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" ? $0 : "_" }.suffix(200))
        file = "\(folder)/shards-of-\(name).json"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// The ids known for this very file.
    package func load() -> [String: ShardID] {
        guard let data = FileManager.default.contents(atPath: file),
            let document = try? JSONDecoder().decode(Document.self, from: data), document.files == files
        else { return [:] }
        return document.shards.compactMapValues { ShardID(hexadecimal: $0) }
    }

    package func store(_ ids: [String: ShardID]) {
        let document = Document(
            model: files[0], laterFiles: files.count > 1 ? Array(files.dropFirst()) : nil,
            shards: ids.mapValues { $0.description })
        guard let data = try? JSONEncoder().encode(document) else { return }
        try? data.write(to: URL(filePath: file), options: .atomic)
    }

    /// A model that was placed from here at some time.
    struct Remembered: Sendable {
        var path: String
        var bytes: Int
        var ids: [ShardID]
        var file: KnownModel.File
        /// All files of the model, absolute.
        var paths: [String]
        /// Where it is remembered.
        var document: String
    }

    /// Forgets a model that was placed from here.
    static func forget(_ model: Remembered) { try? FileManager.default.removeItem(atPath: model.document) }

    /// All models that are remembered in a folder.
    static func all(in folder: String) -> [Remembered] {
        let names = Folder.names(in: folder).filter { $0.hasPrefix("shards-of-") && $0.hasSuffix(".json") }.sorted()
        return names.compactMap { name in
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
                let document = try? JSONDecoder().decode(Document.self, from: data)
            else { return nil }
            let present = document.files.map { state -> FileState? in
                guard let bytes = (try? MappedFile(path: state.path))?.count, let changed = changed(state.path) else {
                    return nil
                }
                return FileState(path: state.path, bytes: bytes, changed: changed)
            }
            return Remembered(
                path: document.model.path, bytes: document.files.reduce(0) { $0.saturatingAdd($1.bytes) },
                ids: document.shards.values.compactMap { ShardID(hexadecimal: $0) }.sorted(),
                file: present.contains(nil) ? .missing : present == document.files ? .present : .changed,
                paths: document.files.map(\.path), document: "\(folder)/\(name)")
        }
    }

    private static func changed(_ path: String) -> Double? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970
    }
}
