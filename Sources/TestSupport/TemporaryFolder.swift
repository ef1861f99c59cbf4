import Foundation

/// A folder of a test's own.
package struct TemporaryFolder: Sendable {
    package let path: String

    /// Makes the folder, empty.
    package init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "shoal-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    /// Removes it with all that is in it.
    package func remove() { try? FileManager.default.removeItem(atPath: path) }
}
