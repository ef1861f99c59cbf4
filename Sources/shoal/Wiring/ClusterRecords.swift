import ClusterStore
import CoordinatorCore
import Foundation
import Identity

/// What commands read and change of a coordinator's store, where there is one.
enum ClusterRecords {
    /// The devices that were removed from the cluster; none where no store is.
    ///
    /// - Throws: `ClusterStoreError`
    static func revocations(_ folder: String) throws -> RevocationList {
        guard let store = try open(folder) else { return RevocationList() }
        return try JoinService.revocations(store)
    }

    /// The store of a folder; `nil` where none is, which is not made.
    ///
    /// - Throws: `ClusterStoreError`
    static func open(_ folder: String) throws -> ClusterStore? {
        guard FileManager.default.fileExists(atPath: "\(folder)/\(ClusterStore.fileName)") else { return nil }
        return try ClusterStore(folder: folder)
    }
}
