#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a device that joined keeps in its data folder. May block.
///
/// `identity/member.pem` holds its key, its certificate and the authority's; `identity/join.json` where to renew, and which token it
/// joined with; `identity/revoked.json` the devices that are shut out; `identity/pending.pem`, while it joins, the key that it asks a
/// certificate for.
package struct MemberFolder: Sendable {
    package let path: String

    /// How a device became a member.
    package struct Joining: Sendable, Hashable, Codable {
        /// HOST:PORT of the coordinator's join listener.
        package var addresses: [String]
        /// SHA-256 of the token's secret: the same token says nothing new. `nil` where it is not known with which token it joined.
        package var tokenHash: [UInt8]?

        package init(addresses: [String], tokenHash: [UInt8]?) {
            self.addresses = addresses
            self.tokenHash = tokenHash
        }
    }

    /// - Parameter dataFolder: the worker's.
    package init(dataFolder: String) { path = "\(dataFolder)/identity" }

    private var memberFile: String { "\(path)/member.pem" }
    private var joiningFile: String { "\(path)/join.json" }
    private var revokedFile: String { "\(path)/revoked.json" }
    private var pendingFile: String { "\(path)/pending.pem" }

    /// The device's credentials; `nil` where it has not joined.
    ///
    /// - Throws: `IdentityError` for a file that cannot be read.
    package func credentials() throws(IdentityError) -> Credentials? {
        let bytes: [UInt8]
        do {
            bytes = try PrivateFile.read(memberFile)
        } catch {
            if error.code == .missing { return nil }
            throw error
        }
        return try Credentials(pem: String(decoding: bytes, as: UTF8.self), file: memberFile)
    }

    /// - Throws: `IdentityError` (unwritable).
    package func store(_ credentials: Credentials) throws(IdentityError) {
        try PrivateFile.write(credentials.pem.utf8, to: memberFile)
    }

    /// Takes credentials of a cluster that was joined now: what is known of an earlier one is forgotten.
    ///
    /// A device that is stopped meanwhile has no `joining`, and the `joiningKey` tells which credentials it has.
    ///
    /// - Throws: `IdentityError` (unwritable).
    package func replace(_ credentials: Credentials, joining: Joining) throws(IdentityError) {
        try PrivateFile.remove(joiningFile)
        try PrivateFile.remove(revokedFile)
        try store(credentials)
        try store(joining)
        try PrivateFile.remove(pendingFile)
    }

    /// The key that the device asked a certificate for, when it was not seen to the end; `nil` where there is none that can be read.
    package func joiningKey() -> DeviceKey? {
        (try? PrivateFile.read(pendingFile)).flatMap { try? DeviceKey(pem: String(decoding: $0, as: UTF8.self)) }
    }

    /// The key to join with, kept before it is used: where the answer is lost the token is used up, and none but this key is answered
    /// again. That of an attempt whose end was not seen, or a new one.
    ///
    /// - Parameter present: the device's credentials; their key is not used again.
    /// - Throws: `IdentityError` (unwritable).
    package func makeJoiningKey(replacing present: Credentials?) throws(IdentityError) -> DeviceKey {
        if let key = joiningKey(), present?.certificate.isFor(key) != true { return key }
        let key = DeviceKey()
        try PrivateFile.write(key.pem.utf8, to: pendingFile)
        return key
    }

    /// How it joined; `nil` where that is not known.
    package func joining() -> Joining? { load(joiningFile) }

    /// - Throws: `IdentityError` (unwritable).
    package func store(_ joining: Joining) throws(IdentityError) { try store(joining, joiningFile) }

    /// The devices that are shut out, as far as this device was told.
    ///
    /// - Throws: `IdentityError` for a file that is there and cannot be read: to go on without it would let them in.
    package func revoked() throws(IdentityError) -> RevocationList {
        let bytes: [UInt8]
        do {
            bytes = try PrivateFile.read(revokedFile)
        } catch {
            if error.code == .missing { return RevocationList() }
            throw error
        }
        guard let list = try? JSONDecoder().decode(RevocationList.self, from: Data(bytes)) else {
            throw IdentityError(
                .malformed,
                "\(revokedFile) is damaged: remove it, and the coordinator will send the list of removed devices anew")
        }
        return list
    }

    /// - Throws: `IdentityError` (unwritable).
    package func store(_ list: RevocationList) throws(IdentityError) { try store(list, revokedFile) }

    private func load<Value: Decodable>(_ file: String) -> Value? {
        (try? PrivateFile.read(file)).flatMap { try? JSONDecoder().decode(Value.self, from: Data($0)) }
    }

    private func store(_ value: some Encodable, _ file: String) throws(IdentityError) {
        guard let data = try? JSONEncoder().encode(value) else { preconditionFailure("\(file) cannot be encoded") }
        try PrivateFile.write(data, to: file)
    }
}
