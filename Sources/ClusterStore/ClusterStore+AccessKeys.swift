import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The keys to the API.
extension ClusterStore {
    /// All keys, in the order of their names.
    ///
    /// - Throws: `ClusterStoreError`
    package func accessKeys() throws(ClusterStoreError) -> [AccessKey] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM accessKey ORDER BY name").map(AccessKey.init(row:))
        }
    }

    /// Keeps a new key.
    ///
    /// - Throws: `ClusterStoreError`, also for a name that is taken or cannot be one.
    package func add(_ key: AccessKey) throws(ClusterStoreError) {
        guard AccessKey.nameLength.contains(key.name.utf8.count), !key.name.hasControlCharacters else {
            throw ClusterStoreError(
                "a key's name has 1 to \(AccessKey.nameLength.upperBound) bytes and no control characters; choose another"
            )
        }
        try write { database in
            let isTaken = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM accessKey WHERE name = ?)", arguments: [key.name])
            guard isTaken != true else {
                throw ClusterStoreError(
                    "there is a key named \"\(key.name)\" already: choose another name, or remove it first with: shoal key remove"
                )
            }
            try database.execute(
                sql: """
                    INSERT INTO accessKey (id, name, secretHash, createdAt, requestsPerMinute, concurrentRequests)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key.id, key.name, Data(key.secretHash), key.createdAt, key.limits.requestsPerMinute,
                    key.limits.concurrentRequests,
                ])
        }
    }

    /// Removes a key.
    ///
    /// - Throws: `ClusterStoreError`, also when there is none of that name.
    package func removeAccessKey(named name: String) throws(ClusterStoreError) {
        try write { database in
            try database.execute(sql: "DELETE FROM accessKey WHERE name = ?", arguments: [name])
            guard database.changesCount > 0 else {
                throw ClusterStoreError("there is no key named \"\(name)\"; see them with: shoal key list")
            }
        }
    }
}

extension AccessKey {
    fileprivate init(row: Row) {
        self.init(
            id: row["id"], name: row["name"], secretHash: Array(row["secretHash"] as Data), createdAt: row["createdAt"],
            limits: Limits(
                requestsPerMinute: row["requestsPerMinute"], concurrentRequests: row["concurrentRequests"]))
    }
}
