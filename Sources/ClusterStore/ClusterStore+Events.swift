import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What happened to the cluster, the latest of it. What an event says is its recorder's business: here it is bytes with a number.
extension ClusterStore {
    /// The latest events, the oldest of them first.
    ///
    /// - Throws: `ClusterStoreError`
    package func events(most: Int) throws(ClusterStoreError) -> [[UInt8]] {
        try read { database in
            let rows = try Data.fetchAll(
                database, sql: "SELECT document FROM event ORDER BY number DESC LIMIT ?", arguments: [most])
            return rows.reversed().map { Array($0) }
        }
    }

    /// Adds events; those that are older than so many of the latest go.
    ///
    /// - Throws: `ClusterStoreError`
    package func addEvents(
        _ events: [(number: Int64, document: [UInt8])], keeping most: Int
    ) throws(ClusterStoreError) {
        try write { database in
            for event in events {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO event (number, document) VALUES (?, ?)",
                    arguments: [event.number, Data(event.document)])
            }
            try database.execute(
                sql: "DELETE FROM event WHERE number <= (SELECT max(number) FROM event) - ?", arguments: [most])
        }
    }
}
