/// Why a GGUF file, or a value in it, cannot be used.
package struct GGUFError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable, Hashable {
        /// There is no such file.
        case notFound
        /// The path names no regular file that can be read and mapped.
        case unreadable
        /// The file has no content.
        case empty
        /// The file is of another format.
        case notGGUF
        /// A version or byte order this reader does not know.
        case unsupportedVersion
        /// The file ends too early.
        case truncated
        /// A count or length larger than the rest of the file could hold.
        case countTooLarge
        /// A value the format does not allow.
        case invalidValue
        /// A metadata key that occurs twice.
        case duplicateKey
        /// A tensor name that occurs twice.
        case duplicateTensor
        /// A number that names no tensor type known here.
        case unknownTensorType
        /// A number that names no metadata type known here.
        case unknownValueType
        /// Arrays in arrays, deeper than anything needs.
        case nestedTooDeeply
        /// A tensor outside of the file, or over another one.
        case invalidTensorLayout
        /// A metadata key that had to be there.
        case missingKey
        /// A metadata value of another type than asked for.
        case wrongType
        /// A file of a split model that is not its first.
        case laterPart
        /// A file of a split model that is not there, or not under its name.
        case missingPart
        /// A file of a split model that is of another one, or in the place of another.
        case foreignPart
        /// A file that is well-formed and holds something else than a model.
        case notAModel
    }

    /// The kind of failure.
    package let code: Code
    /// The file, empty for data that came from none.
    package let path: String
    /// Where in the file, in bytes from its start, where that is known.
    package let byteOffset: Int?
    /// What went wrong.
    package let message: String
    /// What to do about it.
    package let mend: String

    /// Makes an error; `mend` is a phrase such as "download it again".
    package init(code: Code, path: String = "", byteOffset: Int? = nil, message: String, mend: String) {
        self.code = code
        self.path = path
        self.byteOffset = byteOffset
        self.message = message
        self.mend = mend
    }

    package var description: String {
        let place = byteOffset.map { " (at byte \($0))" } ?? ""
        return (path.isEmpty ? "" : "\(path): ") + message + place + ": " + mend
    }

    static let downloadAgain = "the file is incomplete or damaged, download it again"
}
