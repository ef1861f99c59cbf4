import CoordinatorCore
import Foundation
import GGUF
import ModelGraph
import NIOCore
import TestSupport
import Testing
import Wire
import WorkerCore

struct ShardStoreTests {
    private let folder: TemporaryFolder
    private let shards: TestShards

    init() throws {
        folder = try TemporaryFolder()
        shards = try TestShards()
    }

    private func path(_ part: ModelPart, _ suffix: String) -> String {
        "\(folder.path)/shards/\(shards.id(part)).\(suffix)"
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private func holding(_ store: ShardStore, _ part: ModelPart) -> ShardHolding? {
        store.holdings([shards.id(part)]).first
    }

    /// The code that some work is refused with; nil when it is not.
    private func refusal(_ work: () throws -> Void) -> FailureCode? {
        do {
            try work()
            return nil
        } catch {
            return (error as? WorkerError)?.code
        }
    }

    @Test func `pieces in order become a checked file named by its id`() throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        #expect(store.storeBytes == 0)
        #expect(holding(store, .head) == ShardHolding(id: shards.id(.head), bytesHeld: 0, complete: false))
        let pieces = shards.pieces(.head, size: 1000)
        #expect(pieces.count > 2)
        var held: UInt64 = 0
        for piece in pieces {
            let isLast = piece == pieces.last
            held += UInt64(piece.bytes.readableBytes)
            let (bytes, complete) = try store.accept(piece)
            #expect(bytes == held)
            #expect(complete == isLast)
            #expect(exists(path(.head, "partial")) == !isLast)
            #expect(exists(path(.head, "gguf")) == isLast)
            #expect(holding(store, .head) == ShardHolding(id: piece.id, bytesHeld: held, complete: isLast))
            #expect(store.storeBytes == Int(held))
        }
        let file = try Data(contentsOf: URL(filePath: path(.head, "gguf")))
        #expect(Array(file) == shards.bytes(.head))
        // A whole shard that is sent again is taken as held.
        let again = try store.accept(pieces[0])
        #expect(again.complete)
        #expect(again.bytesHeld == UInt64(shards.bytes(.head).count))
    }

    @Test func `what was received goes on from where it stopped after the store was opened again`() throws {
        defer { folder.remove() }
        let pieces = shards.pieces(.embedding, size: 700)
        do {
            let store = try ShardStore(dataFolder: folder.path)
            for piece in pieces[..<3] { _ = try store.accept(piece) }
        }
        let store = try ShardStore(dataFolder: folder.path)
        #expect(holding(store, .embedding)?.bytesHeld == 2100)
        #expect(holding(store, .embedding)?.complete == false)
        for piece in pieces[3...] { _ = try store.accept(piece) }
        #expect(holding(store, .embedding)?.complete == true)
        #expect(try store.open([shards.id(.embedding)]).tensors.tensorData(named: "token_embd.weight") != nil)
    }

    @Test func `pieces of several shards may take turns`() throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        let (first, second) = (shards.pieces(.layer(0), size: 50_000), shards.pieces(.layer(1), size: 50_000))
        #expect(first.count == second.count)
        for (one, other) in zip(first, second) {
            _ = try store.accept(one)
            _ = try store.accept(other)
        }
        #expect(store.holdings([shards.id(.layer(0)), shards.id(.layer(1))]).map(\.complete) == [true, true])
    }

    @Test func `a piece at a wrong place is refused and changes nothing`() throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        let pieces = shards.pieces(.head, size: 1000)
        _ = try store.accept(pieces[0])
        for wrong in [pieces[0], pieces[2]] {
            let error = #expect(throws: WorkerError.self) { try store.accept(wrong) }
            #expect(error?.code == .badRequest)
        }
        #expect(holding(store, .head)?.bytesHeld == 1000)
        for piece in pieces[1...] { _ = try store.accept(piece) }
        #expect(holding(store, .head)?.complete == true)
    }

    @Test(arguments: [UInt64(1000), 1999]) func `a piece beyond the shard's end is refused`(total: UInt64) throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        let pieces = shards.pieces(.head, size: 1000)
        _ = try store.accept(pieces[0])
        var beyond = pieces[1]
        beyond.totalBytes = total
        let error = #expect(throws: WorkerError.self) { try store.accept(beyond) }
        #expect(error?.code == .badRequest)
        #expect(!exists(path(.head, "gguf")))
    }

    @Test func `damaged content is refused, and the shard can be sent again`() throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        var bytes = shards.bytes(.head)
        bytes[bytes.count / 2] ^= 1
        let pieces = TestShards.pieces(bytes, id: shards.id(.head), size: 4000)
        for piece in pieces.dropLast() { _ = try store.accept(piece) }
        let error = #expect(throws: WorkerError.self) { try store.accept(pieces.last!) }
        #expect(error?.code == .shardCorrupt)
        #expect(!exists(path(.head, "partial")))
        #expect(!exists(path(.head, "gguf")))
        #expect(holding(store, .head)?.bytesHeld == 0)
        for piece in shards.pieces(.head, size: 4000) { _ = try store.accept(piece) }
        #expect(holding(store, .head)?.complete == true)
    }

    @Test(arguments: [0, 100]) func `a crash before the last rename leaves a store that takes the shard again`(
        surplus: Int
    ) throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        let partial = Data(shards.bytes(.head) + [UInt8](repeating: 0, count: surplus))
        try partial.write(to: URL(filePath: path(.head, "partial")))
        for piece in shards.pieces(.head, size: 4000) { _ = try store.accept(piece) }
        #expect(holding(store, .head)?.complete == true)
        #expect(!exists(path(.head, "partial")))
    }

    @Test func `one worker at a time holds a folder`() throws {
        defer { folder.remove() }
        var store: ShardStore? = try ShardStore(dataFolder: folder.path)
        let error = #expect(throws: WorkerError.self) { try ShardStore(dataFolder: folder.path) }
        #expect(error?.code == .busy)
        #expect(error?.message.contains(folder.path) == true)
        #expect(store?.storeBytes == 0)
        store = nil
        #expect(try ShardStore(dataFolder: folder.path).storeBytes == 0)
    }

    #if os(Linux)
    @Test func `a store that is closed is free, though a process that is just being started shares its open files`()
        throws
    {
        defer { folder.remove() }
        var store: ShardStore? = try ShardStore(dataFolder: folder.path)
        let files = FileManager.default
        let locks = try files.contentsOfDirectory(atPath: "/proc/self/fd").filter {
            (try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == folder.path + "/lock"
        }
        // As such a process has it, until it runs its program.
        let shared = try locks.map { dup(try #require(Int32($0))) }
        defer { for descriptor in shared { close(descriptor) } }
        #expect(shared.count == 1 && store?.storeBytes == 0)
        store = nil
        #expect(try ShardStore(dataFolder: folder.path).storeBytes == 0)
    }
    #endif

    @Test func `a folder that cannot be made is named`() throws {
        defer { folder.remove() }
        try Data().write(to: URL(filePath: folder.path + "/file"))
        let error = #expect(throws: WorkerError.self) { try ShardStore(dataFolder: folder.path + "/file/store") }
        #expect(error?.message.contains("/file") == true)
        #expect(error?.message.contains("--data-dir") == true)
    }

    @Test func `a missing shard is missing, a damaged one is thrown away`() throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        let id = shards.id(.head)
        #expect(refusal { _ = try store.open([id]) } == .shardMissing)
        #expect(refusal { _ = try store.open([]) } == .badRequest)
        try Data(shards.bytes(.head).prefix(100)).write(to: URL(filePath: path(.head, "gguf")))
        #expect(holding(store, .head)?.complete == true)
        #expect(refusal { _ = try store.open([id]) } == .shardCorrupt)
        // So that it is sent again.
        #expect(holding(store, .head)?.complete == false)
        for piece in shards.pieces(.head, size: 4000) { _ = try store.accept(piece) }
        #expect(try store.open([id]).tensors.tensorData(named: "output_norm.weight") != nil)
    }

    @Test func `a stage's tensors come from all of its shards`() throws {
        defer { folder.remove() }
        let store = try ShardStore(dataFolder: folder.path)
        for part in [ModelPart.configuration, .layer(1), .head] {
            for piece in shards.pieces(part, size: 1 << 20) { _ = try store.accept(piece) }
        }
        let source = try store.open([shards.id(.configuration), shards.id(.layer(1)), shards.id(.head)])
        #expect(try source.metadata.string("general.architecture") == "llama")
        for name in ["blk.1.attn_q.weight", "output.weight", "output_norm.weight"] {
            let original = try #require(shards.model.tensorData(named: name))
            #expect(source.tensors.tensorData(named: name)?.bytes == original.bytes)
        }
        #expect(source.tensors.tensorData(named: "blk.0.attn_q.weight") == nil)
    }

    @Test func `the coordinator's own worker reads the model's file and takes no shards`() throws {
        defer { folder.remove() }
        let provider = ModelFileShards(shards.model)
        #expect(provider.storeBytes == 0)
        #expect(provider.holdings([shards.id(.head)], for: nil).map(\.complete) == [false])
        #expect(
            refusal { _ = try provider.accept(shards.pieces(.head, size: 100)[0], for: provider.makeClaim()) }
                == .unsupported)
        #expect(refusal { _ = try provider.bytes(of: shards.id(.head)) } == .shardMissing)
        #expect(try provider.open([]).tensors.tensorData(named: "blk.3.attn_q.weight") != nil)
    }
}
