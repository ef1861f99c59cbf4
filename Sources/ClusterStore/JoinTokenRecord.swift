import GRDB

/// A join token as the coordinator keeps it: what it was made for and came to, but not the secret. Times are in seconds since 1970.
package struct JoinTokenRecord: Sendable, Hashable {
    /// What names it to people: the first bytes of its secret's hash, in hexadecimal.
    package var id: String
    package var createdAt: Int64
    package var expiresAt: Int64
    package var usedAt: Int64?
    /// The name of the device that joined with it, as it is or was at last.
    package var usedBy: String?

    private static let idBytes = 4

    package init(id: String, createdAt: Int64, expiresAt: Int64, usedAt: Int64? = nil, usedBy: String? = nil) {
        self.id = id
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.usedAt = usedAt
        self.usedBy = usedBy
    }

    /// The id of the token of a secret.
    package static func id(ofSecretHash hash: [UInt8]) -> String {
        hash.prefix(idBytes).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0\(digits)" : digits
        }.joined()
    }

    init(row: Row) {
        let hash: Blob = row["secretHash"]
        self.init(
            id: Self.id(ofSecretHash: hash.bytes), createdAt: row["createdAt"], expiresAt: row["expiresAt"],
            usedAt: row["usedAt"], usedBy: row["user"])
    }
}
