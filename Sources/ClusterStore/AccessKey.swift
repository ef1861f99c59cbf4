import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A key to the API as the coordinator keeps it: who has it and what it may, but not the secret itself.
package struct AccessKey: Sendable, Hashable {
    /// How much one key may ask.
    package struct Limits: Sendable, Hashable {
        /// Requests of any kind in a minute; `nil` is without limit.
        package var requestsPerMinute: Int?
        /// Answers that are generated at the same time; `nil` is without limit.
        package var concurrentRequests: Int?

        package init(requestsPerMinute: Int? = nil, concurrentRequests: Int? = nil) {
            self.requestsPerMinute = requestsPerMinute
            self.concurrentRequests = concurrentRequests
        }
    }

    /// What names it to the program, for as long as it exists.
    package var id: String
    /// What names it to people.
    package var name: String
    /// SHA-256 of the secret.
    package var secretHash: [UInt8]
    /// In seconds since 1970.
    package var createdAt: Int
    package var limits: Limits

    package init(id: String, name: String, secretHash: [UInt8], createdAt: Int, limits: Limits = Limits()) {
        self.id = id
        self.name = name
        self.secretHash = secretHash
        self.createdAt = createdAt
        self.limits = limits
    }
}

extension AccessKey {
    /// What every secret begins with.
    package static let secretPrefix = "sk-shoal-"
    /// The bytes of a name.
    package static let nameLength = 1...64

    /// A new secret: the prefix, and 32 random bytes as base64url (RFC 4648, 5) without padding.
    package static func makeSecret() -> String {
        let key = SymmetricKey(size: .bits256)
        let text = key.withUnsafeBytes { Data($0).base64EncodedString() }
        let urlSafe = text.compactMap { character -> Character? in
            switch character {
            case "+": "-"
            case "/": "_"
            case "=": nil
            default: character
            }
        }
        return secretPrefix + String(urlSafe)
    }

    /// What is kept of a secret. SHA-256 alone is enough: 256 random bits cannot be guessed, however fast the hash, unlike a password.
    package static func hash(of secret: some StringProtocol) -> [UInt8] {
        Array(SHA256.hash(data: Data(secret.utf8)))
    }

    /// Whether a hash is this key's, in a time that does not depend on the bytes.
    package func matches(_ hash: [UInt8]) -> Bool {
        guard hash.count == secretHash.count else { return false }
        return zip(hash, secretHash).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
