/// Why a device did not become a member or got no new certificate; names cause and mend, and no secret.
package struct JoinError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Whether the coordinator answered and refused, so that asking again changes nothing.
    package let isRefusal: Bool
    package let message: String

    package init(_ message: String, isRefusal: Bool = false) {
        self.isRefusal = isRefusal
        self.message = message
    }

    package var description: String { message }
}
