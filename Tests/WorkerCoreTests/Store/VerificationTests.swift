import CoordinatorCore
import Formats
import Foundation
import ModelGraph
import TestSupport
import Testing
import Wire
import WorkerCore

/// What is found of damage on the disk.
struct VerificationTests {
    private let folder: TemporaryFolder
    private let shards: TestShards

    init() throws {
        folder = try TemporaryFolder()
        shards = try TestShards()
        let store = try ShardStore(dataFolder: folder.path)
        for part in [ModelPart.configuration, .layer(0), .layer(1)] {
            for piece in shards.pieces(part, size: 1 << 20) { _ = try store.accept(piece) }
        }
    }

    private var ids: [ShardID] { shards.ids(layers: 0..<2) }

    private func path(_ part: ModelPart) -> String { "\(folder.path)/shards/\(shards.id(part)).gguf" }

    /// Flips a bit in the middle of a shard's file, where tensors are.
    private func damage(_ part: ModelPart, keepingTime: Bool = false) throws {
        let url = URL(filePath: path(part))
        let time = try FileManager.default.attributesOfItem(atPath: path(part))[.modificationDate] as? Date
        let file = try FileHandle(forUpdating: url)
        let middle = UInt64(shards.bytes(part).count / 2)
        try file.seek(toOffset: middle)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: middle)
        try file.write(contentsOf: Data([byte ^ 1]))
        try file.close()
        // A time that the file did not have, whatever the clock's grain.
        let date = try #require(time).addingTimeInterval(keepingTime ? 0 : 5)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path(part))
    }

    private func code(_ store: ShardStore) -> FailureCode? {
        do {
            _ = try store.open(ids)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `a file that changed since is hashed, and goes when it is damaged`() throws {
        defer { folder.remove() }
        try damage(.layer(1))
        let store = try ShardStore(dataFolder: folder.path)
        #expect(code(store) == .shardCorrupt)
        #expect(store.holdings(ids).map(\.complete) == [true, true, false])
        #expect(code(store) == .shardMissing)
        for piece in shards.pieces(.layer(1), size: 1 << 20) { _ = try store.accept(piece) }
        #expect(code(store) == nil)
    }

    @Test func `all that is damaged is found at once and named`() throws {
        defer { folder.remove() }
        try damage(.layer(0))
        try damage(.layer(1))
        let store = try ShardStore(dataFolder: folder.path)
        let error = #expect(throws: WorkerError.self) { try store.open(ids) }
        for part in [ModelPart.layer(0), .layer(1)] {
            #expect(error?.message.contains(shards.id(part).description) == true)
        }
        #expect(store.holdings(ids).map(\.complete) == [true, false, false])
    }

    @Test func `a file that was only touched is hashed once and trusted again`() throws {
        defer { folder.remove() }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: path(.layer(0)))
        #expect(code(try ShardStore(dataFolder: folder.path)) == nil)
        // Damage that changes neither size nor time is not seen: so it was not hashed this time.
        let changed = try FileManager.default.attributesOfItem(atPath: path(.layer(0)))[.modificationDate] as? Date
        #expect(changed == Date(timeIntervalSince1970: 1000))
    }

    @Test func `what the system does not show is found when all is to be verified`() throws {
        defer { folder.remove() }
        // Stands for bits that rot on the medium: same size, same time to the nanosecond.
        try rot(.layer(0))
        #expect(code(try ShardStore(dataFolder: folder.path)) == nil)
        let store = try ShardStore(dataFolder: folder.path, verifiesAll: true)
        #expect(code(store) == .shardCorrupt)
        #expect(store.holdings(ids).map(\.complete) == [true, false, true])
    }

    @Test func `a lost or damaged index costs hashing and no more`() throws {
        defer { folder.remove() }
        for index in [nil, "nonsense\n\u{0}x 1 2 3 4\n", ""] {
            let path = folder.path + "/shards/verified"
            try FileManager.default.removeItem(atPath: path)
            if let index { try Data(index.utf8).write(to: URL(filePath: path)) }
            #expect(code(try ShardStore(dataFolder: folder.path)) == nil)
        }
        try FileManager.default.removeItem(atPath: folder.path + "/shards/verified")
        try rot(.layer(1))
        #expect(code(try ShardStore(dataFolder: folder.path)) == .shardCorrupt)
    }

    @Test func `a damaged shard is not passed on`() throws {
        defer { folder.remove() }
        try damage(.layer(0))
        let store = try ShardStore(dataFolder: folder.path)
        let error = #expect(throws: WorkerError.self) { try store.bytes(of: shards.id(.layer(0))) }
        #expect(error?.code == .shardCorrupt)
        let bytes = try store.bytes(of: shards.id(.layer(1)))
        #expect(bytes.withUnsafeBytes { Array($0) } == shards.bytes(.layer(1)))
    }

    /// Changes a byte and gives the file its exact time back.
    private func rot(_ part: ModelPart) throws {
        let times = "\(folder.path)/times"
        try touch(times, asIn: path(part))
        let identity = fileStatus(path(part))?.identity
        try damage(part)
        try touch(path(part), asIn: times)
        #expect(fileStatus(path(part))?.identity == identity)
    }

    /// Gives a file the times of another, to the nanosecond.
    private func touch(_ file: String, asIn other: String) throws {
        let process = try Process.run(URL(fileURLWithPath: "/usr/bin/touch"), arguments: ["-r", other, file])
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
