package import Foundation

/// The shared golden data, which lie beside the repository and not in it.
///
/// Suites that need them say `.enabled(if: Golden.isPresent, Golden.absence)` and are skipped elsewhere.
package enum Golden {
    /// Why tests were skipped.
    package static let absence: String =
        "golden data not found: set SHOAL_GOLDEN to their folder, or put them in ../shared/golden beside the repository"

    /// The folder: `SHOAL_GOLDEN`, else `../shared/golden` beside the repository; nil when it is not there.
    package static let folder: URL? = {
        if let path = ProcessInfo.processInfo.environment["SHOAL_GOLDEN"] { return existing(URL(filePath: path)) }
        let beside = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "shared/golden")
        return existing(beside)
    }()

    /// Whether the golden data are there.
    package static var isPresent: Bool { folder != nil }

    /// The default model's file: `SHOAL_MODEL`, else the user's cache; nil when it is not there.
    package static let defaultModel: URL? = {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["SHOAL_MODEL"] { return existing(URL(filePath: path)) }
        let cache =
            environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : URL(filePath: $0) }
            ?? URL(filePath: environment["HOME"] ?? "/").appending(path: ".cache")
        return existing(cache.appending(path: "shoal/SmolLM2-135M-Instruct.Q4_1.gguf"))
    }()

    /// Why tests of the default model were skipped.
    package static let defaultModelAbsence: String =
        "default model not found: run Deploy/quickstart once, or set SHOAL_MODEL to the file"

    /// The file at a path in the golden folder.
    ///
    /// - Throws: an error that names the file when it, or the folder, is not there.
    package static func file(_ path: String) throws -> URL {
        guard let folder else { throw GoldenError(message: absence) }
        guard let file = existing(folder.appending(path: path)) else {
            throw GoldenError(message: "golden file \(path) is missing")
        }
        return file
    }

    /// The files of a subfolder whose names end so, sorted by name.
    package static func files(in subfolder: String, suffix: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: file(subfolder), includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasSuffix(suffix) }
            .sorted { $0.path < $1.path }
    }

    /// The float32 values of a raw little-endian file.
    package static func floats(_ path: String) throws -> [Float] {
        try words(path).map { Float(bitPattern: $0) }
    }

    /// The int32 values of a raw little-endian file.
    package static func integers(_ path: String) throws -> [Int32] {
        try words(path).map { Int32(bitPattern: $0) }
    }

    /// The bytes of a file.
    package static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: file(path)))
    }

    /// The content of a JSON file.
    package static func json<T: Decodable>(_ path: String, as type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(type, from: Data(contentsOf: file(path)))
    }

    /// The path of a golden xz file's content, unpacked once into a temporary folder with the program `xz`.
    package static func unpacked(_ path: String) throws -> URL {
        let source = try file(path)
        let folder = FileManager.default.temporaryDirectory.appending(path: "shoal-golden-\(getuid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let target = folder.appending(path: source.deletingPathExtension().lastPathComponent)
        if existing(target) != nil { return target }
        // Under a name of its own first, so that tests running at the same time never see half a file.
        let partial = folder.appending(path: "\(UUID().uuidString).partial")
        guard FileManager.default.createFile(atPath: partial.path, contents: nil) else {
            throw GoldenError(message: "cannot write \(partial.path)")
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["xz", "-dkc", source.path]
        process.standardOutput = try FileHandle(forWritingTo: partial)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            try? FileManager.default.removeItem(at: partial)
            throw GoldenError(message: "xz could not unpack \(source.path)")
        }
        guard rename(partial.path, target.path) == 0 else {
            throw GoldenError(message: "cannot rename \(partial.path)")
        }
        return target
    }

    private static func words(_ path: String) throws -> [UInt32] {
        let bytes = try bytes(path)
        guard bytes.count % 4 == 0 else { throw GoldenError(message: "golden file \(path) is not whole words") }
        return bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)) }
        }
    }

    private static func existing(_ url: URL) -> URL? {
        FileManager.default.fileExists(atPath: url.path) ? url : nil
    }
}

/// What is wrong with the golden data.
package struct GoldenError: Error, CustomStringConvertible {
    package let message: String
    package var description: String { message }
}
