import API
import CoordinatorCore
import Foundation
import GGUF

/// Where models lie on this machine, and what people call them.
struct ModelLibrary {
    /// A file by the name that it is known by.
    struct Entry: Hashable {
        var id: String
        var path: String
    }

    /// Folders that were looked through, in order.
    let folders: [String]
    let entries: [Entry]

    /// - Parameters:
    ///   - folder: of `--models-dir`; nil looks through the standard ones.
    ///   - known: paths of models that were placed before.
    init(folder: String?, known: [String]) {
        let standard = ["\(DataFolder.standard(.coordinator))/models", FileManager.default.currentDirectoryPath]
        let beside = known.map { URL(filePath: $0).deletingLastPathComponent().standardizedFileURL.path }
        var seen: Set<String> = []
        folders = (folder.map { [URL(filePath: $0).standardizedFileURL.path] } ?? standard + beside).filter {
            seen.insert($0).inserted
        }
        let listed = folders.flatMap(Self.models)
        let remembered = folder == nil ? known.filter(FileManager.default.isReadableFile).map(Self.entry) : []
        var found: Set<Entry> = []
        entries = (listed + remembered).filter { found.insert($0).inserted }
    }

    /// The models of a folder: its GGUF files, of split ones the first; no more than are looked through in a moment.
    private static func models(in folder: String) -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.prefix(10_000).filter { $0.lowercased().hasSuffix(".gguf") }.sorted().map { "\(folder)/\($0)" }
            .filter { SplitName(path: $0).map { $0.index == 0 } ?? true }.map(entry)
    }

    private static func entry(_ path: String) -> Entry { Entry(id: ServedModel.id(path: path), path: path) }

    /// Whether a person means a file rather than a name.
    static func isPath(_ name: String) -> Bool {
        name.contains("/") || name.lowercased().hasSuffix(".gguf")
            || FileManager.default.fileExists(atPath: name) && !isFolder(name)
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// A file's whole path.
    static func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }

    /// Models by a name: the one that is called so, else those whose names begin so, as `llama-2-13b` does `llama-2-13b.Q4_0`.
    func matches(_ name: String) -> [Entry] {
        let asked = name.lowercased()
        let same = entries.filter { $0.id.lowercased() == asked }
        if !same.isEmpty { return same }
        return entries.filter { Self.begins($0.id, with: asked) }
    }

    /// Whether a model's name is this one with something behind it.
    static func begins(_ id: String, with asked: String) -> Bool {
        let (id, asked) = (id.lowercased(), asked.lowercased())
        guard !asked.isEmpty, id.hasPrefix(asked) else { return false }
        guard let next = id.dropFirst(asked.count).first else { return true }
        return ".-_ ".contains(next)
    }

    /// The one file that a name means.
    ///
    /// - Throws: `CommandError` where there is none, or more than one.
    func path(named name: String) throws -> String {
        let matches = matches(name)
        if matches.count == 1 { return matches[0].path }
        if matches.isEmpty {
            let known = Set(entries.map(\.id)).sorted()
            throw CommandError(
                "no model is called \(name): looked in \(folders.joined(separator: ", "))"
                    + (known.isEmpty
                        ? ", where there is none; name its file, or its folder with --models-dir"
                        : "; there are \(known.prefix(10).joined(separator: ", "))\(known.count > 10 ? ", …" : "")"))
        }
        throw CommandError(
            "\(name) may be \(matches.map(\.path).joined(separator: " or ")): say more of the name, or the file")
    }
}

extension ModelLibrary {
    /// The one that a coordinator's machine has, with the folders of what it placed before.
    ///
    /// - Throws: `CommandError` when no coordinator answers.
    init(folder: String?, of known: KnownModelList) {
        self.init(folder: folder, known: known.models.compactMap(\.path))
    }
}
