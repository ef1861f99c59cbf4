import ClusterStore
import Foundation
import TestSupport
import Testing

@Suite struct ClusterStoreTests {
    @Test("A store is made where there is none, for its owner alone, and opens again")
    func opens() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/data"
        _ = try ClusterStore(folder: path)
        _ = try ClusterStore(folder: path)
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(ClusterStore.fileName)")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test("A file that is no database is refused, with its name")
    func garbage() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/\(ClusterStore.fileName)"
        try Data(repeating: 0x5a, count: 4096).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: ClusterStoreError.self) { try ClusterStore(folder: folder.path) }
        #expect(error?.message.contains(path) == true)
    }
}
