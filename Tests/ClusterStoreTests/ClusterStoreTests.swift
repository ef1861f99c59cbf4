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

    @Test(
        "Many open a store at once that nobody has made: all have the same, and nothing is lost",
        .timeLimit(.minutes(10)))
    func manyOpen() async throws {
        for _ in 0..<10 {
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try ClusterStore(folder: "\(folder.path)/data").addJoinToken(
                            secretHash: [UInt8(number)], now: 0, expiresAt: 100)
                    }
                }
                try await group.waitForAll()
            }
            let store = try ClusterStore(folder: "\(folder.path)/data")
            for number in 0..<8 { #expect(try store.use(ofToken: [UInt8(number)], now: 0) == .success(nil)) }
        }
    }

    @Test("A file that is no database is refused, with its name")
    func garbage() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/\(ClusterStore.fileName)"
        try Data(repeating: 0x5a, count: 4096).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: ClusterStoreError.self) { try ClusterStore(folder: folder.path) }
        #expect(error?.message.contains(path) == true)
    }

    @Test("A placement is kept with what was wished of it, and read where an earlier version wrote it without")
    func placement() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = try ClusterStore(folder: folder.path)
        #expect(try store.placement() == nil)
        var wishes = PlacementWishes()
        wishes.context = 2048
        wishes.pins = ["0-9=pi1"]
        wishes.watts = ["pi1": .init(idle: 3, busy: 7)]
        let stages = [PlacementRecord.Stage(device: "pi1", embedding: true, layers: 0..<4, head: true)]
        let record = PlacementRecord(modelPath: "/m.gguf", session: 7, epoch: 2, stages: stages, wishes: wishes)
        try store.setPlacement(record)
        #expect(try ClusterStore(folder: folder.path).placement() == record)
        #expect(try store.placement()?.wishes == wishes)
        let earlier = #"""
            {"modelPath": "/m.gguf", "session": 7, "epoch": 2, "stages": [
                {"device": "pi1", "embedding": true, "firstLayer": 0, "lastLayer": 4, "head": true}]}
            """#
        let read = try JSONDecoder().decode(PlacementRecord.self, from: Data(earlier.utf8))
        #expect(read.stages == stages && read.wishes == nil)
        try store.removePlacement()
        #expect(try store.placement() == nil)
    }
}
