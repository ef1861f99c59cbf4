/// Why a file could not be opened or mapped.
package struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable, Hashable {
        case notFound
        case isDirectory
        case notRegular
        case permissionDenied
        /// No room on the disk, or none that this process may use.
        case full
        /// Not the content that it should have.
        case unexpectedContent
        /// Made shorter or changed while it was in use.
        case damaged
        case system
    }

    /// The kind of failure.
    package let code: Code
    /// The path as it was given.
    package let path: String
    /// What went wrong and what to do about it.
    package let message: String

    /// Makes an error about `path`.
    package init(code: Code, path: String, message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    package var description: String { "\(path): \(message)" }
}
