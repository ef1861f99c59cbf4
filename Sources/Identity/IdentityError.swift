/// Why a key, certificate or token cannot be used or made. The message names what, the cause and the mend; never a secret.
package struct IdentityError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure; a struct so that more can be added without breaking switches.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Name: String {
            case missing, exists, unreadable, unwritable, malformed, foreign, expired, revoked, notAllowed
        }
        private let name: Name

        /// There is no such file.
        package static let missing = Code(name: .missing)
        /// It is there already, and not overwritten.
        package static let exists = Code(name: .exists)
        /// A file cannot be read.
        package static let unreadable = Code(name: .unreadable)
        /// A file or folder cannot be written.
        package static let unwritable = Code(name: .unwritable)
        /// Not a key, certificate, request or token, or a damaged one.
        package static let malformed = Code(name: .malformed)
        /// Of another authority, or for another key.
        package static let foreign = Code(name: .foreign)
        /// Not valid yet, or not any more.
        package static let expired = Code(name: .expired)
        /// The device was removed from the cluster.
        package static let revoked = Code(name: .revoked)
        /// Valid, but not for this.
        package static let notAllowed = Code(name: .notAllowed)

        package var description: String { name.rawValue }
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
