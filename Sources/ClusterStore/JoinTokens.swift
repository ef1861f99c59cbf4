import GRDB
import Identity

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The tokens that let devices join, by the hashes of their secrets.
extension ClusterStore {
    /// Tokens that expired so long ago are forgotten: 30 days.
    private static let keptSeconds: Int64 = 30 * 86_400

    /// - Parameters:
    ///   - secretHash: SHA-256 of the secret, which is not kept.
    ///   - now: seconds since 1970, as `expiresAt`.
    /// - Throws: `ClusterStoreError`
    package func addJoinToken(secretHash: [UInt8], now: Int64, expiresAt: Int64) throws(ClusterStoreError) {
        try write { database in
            try database.execute(
                sql: "DELETE FROM joinToken WHERE expiresAt < ?", arguments: [now - Self.keptSeconds])
            try database.execute(
                sql: "INSERT INTO joinToken (secretHash, createdAt, expiresAt) VALUES (?, ?, ?)",
                arguments: [Blob(secretHash), now, expiresAt])
        }
    }

    /// Who joined with a token that is good still.
    ///
    /// - Parameter secretHash: SHA-256 of the secret that a device showed.
    /// - Throws: `ClusterStoreError`
    /// - Returns: `nil` when nobody has; the refusal when it makes nobody a member, nor gives anybody a certificate.
    package func use(
        ofToken secretHash: [UInt8], now: Int64
    ) throws(ClusterStoreError) -> Result<TokenUse?, JoinRefusal> {
        try read { try Self.use(ofToken: secretHash, now: now, $0) }
    }

    /// Takes a device as a member and uses its token up, both or neither.
    ///
    /// - Parameters:
    ///   - secretHash: SHA-256 of the secret that it showed.
    ///   - keyHash: SHA-256 of its public key.
    /// - Throws: `ClusterStoreError`
    /// - Returns: why it is not taken; `nil` when it is.
    package func join(
        _ member: Member, secretHash: [UInt8], keyHash: [UInt8], now: Int64
    ) throws(ClusterStoreError) -> JoinRefusal? {
        try write { database in
            switch try Self.use(ofToken: secretHash, now: now, database) {
            case .failure(let refusal): return refusal
            case .success(.some): return .usedToken
            case .success(nil): break
            }
            let names = try String.fetchAll(database, sql: "SELECT name FROM member WHERE removedAt IS NULL")
            if let taken = names.first(where: { DeviceName.resembles($0, member.name) }) { return .nameTaken(taken) }
            try database.execute(
                sql: "INSERT INTO member (id, name, address, joinedAt, keyHash) VALUES (?, ?, ?, ?, ?)",
                arguments: [member.id, member.name, member.address, member.joinedAt, Blob(keyHash)])
            try database.execute(
                sql: "UPDATE joinToken SET usedAt = ?, usedBy = ?, usedKey = ? WHERE secretHash = ?",
                arguments: [now, member.id, Blob(keyHash), Blob(secretHash)])
            return nil
        }
    }

    /// The tokens that are kept: those that are good, were used, or have expired lately; the latest first.
    ///
    /// - Throws: `ClusterStoreError`
    package func joinTokens() throws(ClusterStoreError) -> [JoinTokenRecord] {
        try read { try Self.joinTokens($0).map(\.record) }
    }

    /// Takes tokens back that nobody has joined with: they are good for nothing from now on.
    ///
    /// - Parameter id: of one, as `JoinTokenRecord` has it; `nil` is all.
    /// - Throws: `ClusterStoreError`, also where there is no such token, or it was used.
    /// - Returns: the ids of those that were good.
    package func revokeJoinTokens(id: String?, now: Int64) throws(ClusterStoreError) -> [String] {
        try write { database in
            var tokens = try Self.joinTokens(database)
            if let id {
                tokens.removeAll { $0.record.id != id }
                guard let token = tokens.first else {
                    throw ClusterStoreError("there is no token \"\(id)\"; see them with: shoal token --list")
                }
                if let user = token.record.usedBy {
                    throw ClusterStoreError(
                        "\(user) joined with token \(id), which is good for nothing more; shoal remove \(user) shuts that device out"
                    )
                }
            }
            let unused = tokens.filter { $0.record.usedAt == nil }
            for token in unused {
                try database.execute(sql: "DELETE FROM joinToken WHERE secretHash = ?", arguments: [token.hash])
            }
            return unused.filter { $0.record.expiresAt >= now }.map(\.record.id)
        }
    }

    private static func joinTokens(_ database: Database) throws -> [(record: JoinTokenRecord, hash: Blob)] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT joinToken.*, member.name AS user FROM joinToken LEFT JOIN member ON member.id = joinToken.usedBy
                ORDER BY joinToken.createdAt DESC, joinToken.secretHash
                """
        ).map { row in (JoinTokenRecord(row: row), row["secretHash"]) }
    }

    private static func use(
        ofToken secretHash: [UInt8], now: Int64, _ database: Database
    ) throws -> Result<TokenUse?, JoinRefusal> {
        // The hash of a secret of 256 random bits: looking it up in an index tells nothing of the secret.
        guard
            let token = try Row.fetchOne(
                database, sql: "SELECT expiresAt, usedAt, usedBy, usedKey FROM joinToken WHERE secretHash = ?",
                arguments: [Blob(secretHash)])
        else { return .failure(.unknownToken) }
        let (expiresAt, usedAt): (Int64, Int64?) = (token["expiresAt"], token["usedAt"])
        let isExpired = expiresAt < now
        guard usedAt != nil else { return isExpired ? .failure(.expiredToken) : .success(nil) }
        guard !isExpired, let keyHash = token["usedKey"] as Blob?,
            let member = try Row.fetchOne(
                database, sql: "SELECT * FROM member WHERE id = ? AND removedAt IS NULL",
                arguments: [token["usedBy"] as String?])
        else { return .failure(.usedToken) }
        return .success(TokenUse(member: Member(member), keyHash: keyHash.bytes))
    }
}

/// Bytes as SQLite has them.
struct Blob: DatabaseValueConvertible {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Blob? {
        Data.fromDatabaseValue(value).map { Blob(Array($0)) }
    }
}
