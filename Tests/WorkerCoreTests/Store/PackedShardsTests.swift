import ModelParts
import CoordinatorCore
import Foundation
import Formats
import ModelGraph
import Tensors
import TestSupport
import Testing
import Wire
import WorkerCore

/// The packed form of shards, beside them in the store.
struct PackedShardsTests {
    private let folder: TemporaryFolder
    private let shards: TestShards
    private var store: String { folder.path + "/shards" }

    init() throws {
        folder = try TemporaryFolder()
        shards = try TestShards(TinyModel(type: .q8_0))
    }

    private func path(_ part: ModelPart, _ suffix: String = "packed") -> String {
        "\(store)/\(shards.id(part)).\(suffix)"
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private func bytes(_ suffix: String) -> Int {
        Folder.names(in: store).filter { $0.hasSuffix(suffix) }
            .reduce(0) { $0 + ((try? MappedFile(path: "\(store)/\($1)"))?.count ?? 0) }
    }

    private func keep(_ parts: [ModelPart], in store: ShardStore) throws {
        for part in parts { for piece in shards.pieces(part, size: 1 << 20) { _ = try store.accept(piece) } }
    }

    /// Loads layers 0 and 1 with the head; how the matrices were come by.
    private func load(_ store: ShardStore) throws -> PackedUse {
        let source = try store.open(shards.ids(layers: 0..<2, head: true))
        let stage = try Stage(
            configuration: try ModelConfiguration(metadata: source.metadata),
            range: StageRange(embedding: false, layers: 0..<2, head: true), tensors: source.tensors,
            compute: .int8, context: 64, pool: ThreadPool(threads: 1), packed: source.packed)
        source.lease?.built()
        return stage.packedUse
    }

    private func counts(_ use: PackedUse) -> [Int] { [use.mapped, use.written, use.inMemory] }

    @Test func `a shard is packed once, beside it, and counts to the store`() throws {
        defer { folder.remove() }
        let parts: [ModelPart] = [.configuration, .layer(0), .layer(1), .head]
        do {
            let store = try ShardStore(dataFolder: folder.path)
            try keep(parts, in: store)
            #expect(counts(try load(store)) == [0, 15, 0])
        }
        for part in parts { #expect(exists(path(part)) == (part != .configuration)) }
        let store = try ShardStore(dataFolder: folder.path)
        #expect(counts(try load(store)) == [15, 0, 0])
        #expect(store.storeBytes == bytes(".gguf") + bytes(".packed"))
        #expect(bytes(".packed") > 100_000)
    }

    @Test func `a damaged packed file is packed again`() throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        try keep([.configuration, .layer(0), .layer(1), .head], in: store)
        _ = try load(store)
        // Another shard's, whole as it is.
        try FileManager.default.removeItem(atPath: path(.layer(1)))
        try FileManager.default.copyItem(atPath: path(.layer(0)), toPath: path(.layer(1)))
        #expect(counts(try load(store)) == [8, 7, 0])
        #expect(counts(try load(store)) == [15, 0, 0])
    }

    @Test func `a shard that is removed takes its packed form along`() throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        try keep([.configuration, .layer(0), .layer(1), .head], in: store)
        _ = try load(store)
        try Data(shards.bytes(.head).prefix(100)).write(to: URL(filePath: path(.head, "gguf")))
        let error = #expect(throws: WorkerError.self) { try store.open([shards.id(.head)]) }
        #expect(error?.code == .shardCorrupt)
        #expect(!exists(path(.head)))
        #expect(exists(path(.layer(0))))
    }

    @Test func `packed forms without their shard, and drafts that a crash left, go when the store is opened`() throws {
        defer { folder.remove() }
        do {
            let store = try ShardStore(dataFolder: folder.path)
            try keep([.configuration, .layer(0), .layer(1), .head], in: store)
            _ = try load(store)
        }
        try FileManager.default.removeItem(atPath: path(.head, "gguf"))
        try Data([1, 2, 3]).write(to: URL(filePath: path(.layer(0)) + ".123-4.draft"))
        let store = try ShardStore(dataFolder: folder.path)
        #expect(!exists(path(.head)))
        #expect(!exists(path(.layer(0)) + ".123-4.draft"))
        #expect(exists(path(.layer(0))))
        #expect(store.storeBytes == bytes(".gguf") + bytes(".packed"))
    }

    @Test func `a store that keeps nothing packed packs into memory`() throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path, keepsPacked: false)
        try keep([.configuration, .layer(0), .layer(1), .head], in: store)
        #expect(counts(try load(store)) == [0, 0, 15])
        #expect(bytes(".packed") == 0)
    }

    @Test func `the packed form of experts counts before it is made, and stages whose experts stay there need it`()
        throws
    {
        defer { folder.remove() }
        var model = TinyModel(type: .q8_0)
        model.experts = 8
        model.feedForward = 256
        let shards = try TestShards(model)
        let parts: [ModelPart] = [.configuration, .layer(0), .layer(1)]
        let whole = parts.reduce(0) { $0 + shards.bytes($1).count }
        // Room for the layers as they come and half as much, of packed ones that take about as much again.
        let store = try ShardStore(dataFolder: folder.path, limitBytes: whole * 3 / 2)
        for part in parts { for piece in shards.pieces(part, size: 1 << 20) { _ = try store.accept(piece) } }
        func load(onDisk: Bool) throws -> PackedUse {
            let source = try store.open(shards.ids(layers: 0..<2))
            #expect(source.hint?.contains("--store-limit") == true)
            return try Stage(
                configuration: try ModelConfiguration(metadata: source.metadata),
                range: StageRange(embedding: false, layers: 0..<2, head: false), tensors: source.tensors,
                compute: .int8, context: 64, pool: ThreadPool(threads: 1), packed: source.packed, expertsOnDisk: onDisk
            ).packedUse
        }
        #expect(try load(onDisk: false).written == 0)
        #expect(store.storeBytes <= whole * 3 / 2)
        let error = #expect(throws: ModelError.self) { try load(onDisk: true) }
        #expect(error?.code == .notKept)
    }
}
