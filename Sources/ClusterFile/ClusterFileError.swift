/// Why a cluster file or a configuration file cannot be used: the file, the line where known, the cause with its mend.
package struct ClusterFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault.
    package enum Code: Sendable, Hashable {
        /// Not YAML, or larger than such a file may be.
        case syntax
        /// A key that such files do not have.
        case unknownKey
        /// A key without which the file says nothing.
        case missingKey
        /// A value that cannot be read or is out of range.
        case badValue
        /// Two things of one name.
        case duplicate
        /// No device at all.
        case noDevices
    }

    /// The kind of fault.
    package let code: Code
    /// The file as it was named.
    package let file: String
    /// The line, counted from 1.
    package let line: Int?
    /// The cause and the mend.
    package let message: String

    /// `file:line: message`.
    package var description: String { line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)" }
}
