import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a coordinator keeps from one run to the next: its members, the keys and tokens of access, and what is placed where.
///
/// One SQLite file in the coordinator's data folder. Every change is a transaction: a program that is killed leaves the state
/// before it or after it. Several processes may have it open: the coordinator, and commands such as `shoal key`.
/// Each kind of record has a file with its queries. Thread safety: everything may be called from any thread, and may block.
package final class ClusterStore: Sendable {
    /// The file's name in the data folder.
    package static let fileName = "cluster.sqlite"
    /// The file that is locked while the store is opened.
    private static let lockName = "cluster.lock"

    let database: DatabaseQueue

    /// Opens the store of a data folder; makes both where they are missing, for nobody else to read.
    ///
    /// - Throws: `ClusterStoreError`
    package init(folder: String) throws(ClusterStoreError) {
        let path = "\(folder)/\(Self.fileName)"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let lock = try OpeningLock(path: "\(folder)/\(Self.lockName)")
            defer { lock.release() }
            try PrivateFile.make(path)
            var configuration = Configuration()
            configuration.journalMode = .wal
            configuration.busyMode = .timeout(5)
            database = try DatabaseQueue(path: path, configuration: configuration)
            // GRDB goes with NORMAL, where a loss of power takes the latest changes back: a removal is not to come undone.
            try database.inDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try Schema.migrator.migrate(database)
        } catch {
            throw ClusterStoreError(error, path: path)
        }
    }

    /// Reads.
    ///
    /// - Throws: `ClusterStoreError`
    func read<Value>(_ query: (Database) throws -> Value) throws(ClusterStoreError) -> Value {
        do {
            return try database.read(query)
        } catch {
            throw ClusterStoreError(error, path: database.path)
        }
    }

    /// Changes, all or nothing.
    ///
    /// - Throws: `ClusterStoreError`
    func write<Value>(_ change: (Database) throws -> Value) throws(ClusterStoreError) -> Value {
        do {
            return try database.write(change)
        } catch {
            throw ClusterStoreError(error, path: database.path)
        }
    }
}
