import Foundation

/// A folder that stands for `/`: a device's `/sys` and `/proc` as a test writes them. It goes with the value.
package final class FakeRoot: Sendable {
    private let folder: TemporaryFolder

    /// The folder, as `SystemFiles` takes it.
    package var path: String { folder.path }

    /// - Parameter files: texts by path.
    package init(_ files: [String: String] = [:]) {
        folder = try! TemporaryFolder()
        for (path, text) in files { write(text, to: path) }
    }

    deinit { folder.remove() }

    /// Writes a file, with the folders above it.
    package func write(_ text: String, to path: String) { write(Array(text.utf8), to: path) }

    /// Writes a file of any bytes.
    package func write(_ bytes: [UInt8], to path: String) {
        makeFolder(above: path)
        precondition(FileManager.default.createFile(atPath: folder.path + path, contents: Data(bytes)), path)
    }

    /// Makes a symbolic link, as sysfs has many.
    package func link(_ path: String, to destination: String) {
        makeFolder(above: path)
        precondition(symlink(destination, folder.path + path) == 0, path)
    }

    /// Removes a file.
    package func remove(_ path: String) { unlink(folder.path + path) }

    private func makeFolder(above path: String) {
        let parent = folder.path + String(path[..<path.lastIndex(of: "/")!])
        try! FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    }
}
