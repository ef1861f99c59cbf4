/// What a join token was used for. It may be asked again for the same: the answer to a device can be lost.
package struct TokenUse: Sendable, Hashable {
    /// The device that joined with it, which was not removed since.
    package var member: Member
    /// SHA-256 of the public key that it joined with.
    package var keyHash: [UInt8]

    package init(member: Member, keyHash: [UInt8]) {
        self.member = member
        self.keyHash = keyHash
    }
}
