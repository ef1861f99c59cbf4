/// What is wrong with bytes that came from a peer, or with a value that was to be sent.
///
/// The message says what, where and, where there is one, the mend. It never holds activations or user text.
package struct WireError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of fault; a struct so that more can be added without breaking switches.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Name: String {
            case notShoal, malformedHeader, tooLarge, malformedPayload, malformedMessage, valueOutOfRange, truncated
        }
        private let name: Name

        /// The first bytes are not a Shoal frame: another protocol, or a stream that lost its place.
        package static let notShoal = Code(name: .notShoal)
        /// A frame header with a field that no frame of this version can have.
        package static let malformedHeader = Code(name: .malformedHeader)
        /// A length or a count above the link's limits.
        package static let tooLarge = Code(name: .tooLarge)
        /// A step or piece payload whose parts do not add up.
        package static let malformedPayload = Code(name: .malformedPayload)
        /// A control payload that is not the protobuf message it should be.
        package static let malformedMessage = Code(name: .malformedMessage)
        /// A field of a well formed message with a value that it may not have.
        package static let valueOutOfRange = Code(name: .valueOutOfRange)
        /// The stream ended within a frame.
        package static let truncated = Code(name: .truncated)

        package var description: String { name.rawValue }
    }

    /// The kind of fault.
    package let code: Code
    /// What is wrong and where.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
