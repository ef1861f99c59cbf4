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

/// A store that has less room than what it is sent.
struct StoreRoomTests {
    private let folder: TemporaryFolder
    private let shards: TestShards
    /// All layers have the same size.
    private let layerBytes: Int

    init() throws {
        folder = try TemporaryFolder()
        shards = try TestShards()
        layerBytes = ShardStore.diskBytes(ofFile: shards.bytes(.layer(0)).count)
    }

    private func store(layers: Int, keepsPacked: Bool = false) throws -> ShardStore {
        try ShardStore(dataFolder: folder.path, keepsPacked: keepsPacked, limitBytes: layers * layerBytes + 100)
    }

    private func send(_ layer: Int, to store: ShardStore, for claim: ShardClaim? = nil) throws {
        let claim = claim ?? store.makeClaim()
        for piece in shards.pieces(.layer(layer), size: 50_000) { _ = try store.accept(piece, for: claim) }
    }

    private func held(_ store: ShardStore) -> [Int] {
        (0..<4).filter { store.holdings([shards.id(.layer($0))])[0].complete }
    }

    private func code(_ work: () throws -> Void) -> FailureCode? {
        do {
            try work()
            return nil
        } catch {
            return (error as? WorkerError)?.code
        }
    }

    @Test func `the shard goes that was used longest ago, and a coordinator's question is a use`() throws {
        defer { folder.remove() }
        let store = try store(layers: 3)
        #expect(store.limitBytes == 3 * layerBytes + 100)
        for layer in 0..<3 { try send(layer, to: store) }
        do {
            let claim = store.makeClaim()
            _ = store.holdings([shards.id(.layer(0))], for: claim)
        }
        // Who only wants to know uses nothing.
        _ = store.holdings([shards.id(.layer(1))])
        try send(3, to: store)
        #expect(held(store) == [0, 2, 3])
        #expect(store.storeBytes <= store.limitBytes)
    }

    @Test func `when shards were used is known after a restart`() throws {
        defer { folder.remove() }
        do {
            let store = try store(layers: 3)
            for layer in 0..<3 { try send(layer, to: store) }
            let claim = store.makeClaim()
            _ = store.holdings([shards.id(.layer(1)), shards.id(.layer(0))], for: claim)
        }
        let store = try store(layers: 3)
        try send(3, to: store)
        #expect(held(store) == [0, 1, 3])
    }

    @Test func `what is more than a new limit goes at the start`() throws {
        defer { folder.remove() }
        do {
            let store = try store(layers: 4)
            for layer in 0..<4 { try send(layer, to: store) }
        }
        let store = try store(layers: 2)
        #expect(held(store) == [2, 3])
    }

    @Test func `what a coordinator asked about last, and sent since, stays`() throws {
        defer { folder.remove() }
        let store = try store(layers: 2)
        try send(0, to: store)
        var claim: ShardClaim? = store.makeClaim()
        _ = store.holdings([shards.id(.layer(0))], for: claim)
        try send(1, to: store, for: claim)
        #expect(code { try send(2, to: store, for: claim) } == .storeFull)
        #expect(code { try send(3, to: store) } == .storeFull)
        #expect(held(store) == [0, 1])
        // It asks about others: the first ones may go.
        _ = store.holdings([shards.id(.layer(2))], for: claim)
        try send(2, to: store, for: claim)
        #expect(held(store) == [1, 2])
        claim = nil
        try send(3, to: store)
        try send(0, to: store)
        #expect(held(store) == [0, 3])
    }

    @Test func `a shard that is on its way has its room`() throws {
        defer { folder.remove() }
        let store = try store(layers: 2)
        let claim = store.makeClaim()
        let pieces = shards.pieces(.layer(0), size: 50_000)
        _ = try store.accept(pieces[0], for: claim)
        try send(1, to: store)
        try send(2, to: store)
        #expect(held(store) == [2])
        for piece in pieces.dropFirst() { _ = try store.accept(piece, for: claim) }
        #expect(held(store) == [0, 2])
    }

    @Test func `what is to be forgotten goes, but for what somebody needs`() throws {
        defer { folder.remove() }
        let store = try store(layers: 10)
        for layer in 0..<3 { try send(layer, to: store) }
        let claim = store.makeClaim()
        _ = store.holdings([shards.id(.layer(1))], for: claim)
        let before = store.storeBytes
        store.forget([0, 1, 3].map { shards.id(.layer($0)) })
        #expect(held(store) == [1, 2])
        #expect(store.storeBytes == before - shards.bytes(.layer(0)).count)
        withExtendedLifetime(claim) {}
        // It can be sent again.
        try send(0, to: store)
        #expect(held(store) == [0, 1, 2])
    }

    @Test func `what was begun and given up goes as well`() throws {
        defer { folder.remove() }
        let store = try store(layers: 2)
        _ = try store.accept(shards.pieces(.layer(0), size: 50_000)[0])
        try send(1, to: store)
        try send(2, to: store)
        #expect(held(store) == [1, 2])
        #expect(store.holdings([shards.id(.layer(0))])[0].bytesHeld == 0)
    }

    @Test func `the shards of a loaded stage stay while it is there`() throws {
        defer { folder.remove() }
        let store = try store(layers: 2)
        try send(0, to: store)
        try send(1, to: store)
        var source: StageSource? = try store.open([shards.id(.layer(0)), shards.id(.layer(1))])
        #expect(code { try send(2, to: store) } == .storeFull)
        #expect(source?.byteCount ?? 0 > 0)
        source = nil
        try send(2, to: store)
        #expect(held(store) == [1, 2])
    }

    @Test func `a packed form counts, goes with its shard, and is left out where there is no room`() throws {
        defer { folder.remove() }
        let shards = try TestShards(TinyModel(type: .q8_0))
        func keep(_ parts: [ModelPart], in store: ShardStore) throws {
            for part in parts { for piece in shards.pieces(part, size: 1 << 20) { _ = try store.accept(piece) } }
        }
        func load(_ store: ShardStore, _ layer: Int) throws -> PackedUse {
            let source = try store.open(shards.ids(layers: layer..<layer + 1))
            let stage = try Stage(
                configuration: try ModelConfiguration(metadata: source.metadata),
                range: StageRange(embedding: false, layers: layer..<layer + 1, head: false),
                tensors: source.tensors, compute: .int8, context: 64, pool: ThreadPool(threads: 1),
                packed: source.packed)
            source.lease?.built()
            return stage.packedUse
        }
        let layer = ShardStore.diskBytes(ofFile: shards.bytes(.layer(0)).count)
        let configuration = ShardStore.diskBytes(ofFile: shards.bytes(.configuration).count)
        // Room for two shards and one packed form, which takes somewhat more than the shard.
        let store = try ShardStore(
            dataFolder: folder.path, limitBytes: configuration + layer * 3 + layer / 2 + 30_000)
        try keep([.configuration, .layer(0)], in: store)
        #expect(try load(store, 0).written == 7)
        try keep([.layer(1)], in: store)
        #expect(store.holdings([shards.id(.layer(0))])[0].complete)
        // Its packed form needs more: the other layer goes, with its packed form.
        #expect(try load(store, 1).written == 7)
        #expect(!store.holdings([shards.id(.layer(0))])[0].complete)
        #expect(Folder.names(in: folder.path + "/shards").count { $0.hasSuffix(".packed") } == 1)
        #expect(store.storeBytes <= store.limitBytes)
        // In a store that holds the shards alone, they are packed into memory.
        try FileManager.default.removeItem(atPath: folder.path + "/shards")
        let small = try ShardStore(
            dataFolder: folder.path + "/small", limitBytes: configuration + layer + 1000)
        try keep([.configuration, .layer(0)], in: small)
        #expect(try load(small, 0).inMemory == 7)
        #expect(try small.open(shards.ids(layers: 0..<1)).hint != nil)
    }

    @Test func `without a limit it is a share of the disk`() throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        let free = try FileManager.default.attributesOfFileSystem(forPath: folder.path)[.systemFreeSize] as? NSNumber
        #expect(store.limitBytes > 0)
        #expect(store.limitBytes <= (free?.intValue ?? .max))
    }
    @Test func `small shards count for the blocks that they take, and no more of them are kept than there may be`()
        throws
    {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path, limitBytes: 10 * ShardStore.diskBytes(ofFile: 1))
        let contents = (0..<25).map { [UInt8($0)] }
        for bytes in contents {
            for piece in TestShards.pieces(bytes, id: .of(bytes), size: 1) { _ = try store.accept(piece) }
        }
        #expect(store.holdings(contents.map { .of($0) }).map(\.complete) == (0..<25).map { $0 >= 15 })
        #expect(store.storeBytes == 10)
        // What somebody else removes is not missed.
        for bytes in contents[15...] {
            try FileManager.default.removeItem(atPath: "\(folder.path)/shards/\(ShardID.of(bytes)).gguf")
        }
        for piece in TestShards.pieces(contents[0], id: .of(contents[0]), size: 1) { _ = try store.accept(piece) }
        #expect(store.storeBytes == 1)
    }
}
