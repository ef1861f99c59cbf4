import GRDB

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

    /// Takes a device as a member and uses its token up, both or neither.
    ///
    /// - Parameter secretHash: SHA-256 of the secret that it showed.
    /// - Throws: `ClusterStoreError`
    /// - Returns: why it is not taken; `nil` when it is.
    package func join(
        _ member: Member, secretHash: [UInt8], now: Int64
    ) throws(ClusterStoreError) -> JoinRefusal? {
        try write { database in
            // The hash of a secret of 256 random bits: looking it up in an index tells nothing of the secret.
            guard
                let token = try Row.fetchOne(
                    database, sql: "SELECT expiresAt, usedAt FROM joinToken WHERE secretHash = ?",
                    arguments: [Blob(secretHash)])
            else { return .unknownToken }
            let (expiresAt, usedAt): (Int64, Int64?) = (token["expiresAt"], token["usedAt"])
            if usedAt != nil { return .usedToken }
            if expiresAt < now { return .expiredToken }
            let isTaken = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM member WHERE name = ? AND removedAt IS NULL)",
                arguments: [member.name])
            if isTaken == true { return .nameTaken(member.name) }
            try database.execute(
                sql: "INSERT INTO member (id, name, address, joinedAt) VALUES (?, ?, ?, ?)",
                arguments: [member.id, member.name, member.address, member.joinedAt])
            try database.execute(
                sql: "UPDATE joinToken SET usedAt = ?, usedBy = ? WHERE secretHash = ?",
                arguments: [now, member.id, Blob(secretHash)])
            return nil
        }
    }
}

/// Bytes as SQLite has them.
private struct Blob: DatabaseValueConvertible {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Blob? {
        Data.fromDatabaseValue(value).map { Blob(Array($0)) }
    }
}
