import CoordinatorCore
import Formats
import GGUF
import TestSupport
import Testing
import Wire

struct ModelShardsTests {
    private func model(tied: Bool = false, layers: Int = 3, seed: UInt64 = 1) throws -> GGUFFile {
        var tiny = TinyModel(type: .q4_1, seed: seed)
        tiny.layers = layers
        tiny.sharesEmbedding = tied
        return try GGUFFile(copying: try tiny.file(), path: "tiny.gguf")
    }

    private func allParts(_ shards: ModelShards) -> [ModelPart] {
        [.configuration, .embedding] + (0..<shards.layerCount).map { .layer($0) } + [.head]
    }

    private func bytes(_ shard: ModelShard, piece: Int = .max) -> [UInt8] {
        var result: [UInt8] = []
        while result.count < shard.byteCount {
            let before = result.count
            shard.read(offset: before, count: min(piece, shard.byteCount - before)) { result += $0 }
            guard result.count > before else { break }
        }
        return result
    }

    @Test(arguments: [
        ("token_embd.weight", ModelPart.embedding), ("blk.0.attn_q.weight", .layer(0)),
        ("blk.17.ffn_down.weight", .layer(17)), ("output.weight", .head), ("output_norm.weight", .head),
        ("rope_freqs.weight", .configuration), ("blk.x.attn_q.weight", .configuration),
        ("blk.-1.attn_q.weight", .configuration), ("blk.3", .configuration),
    ]) func `a tensor's name says which part it belongs to`(name: String, part: ModelPart) {
        #expect(ModelPart(tensor: name) == part)
    }

    @Test(arguments: [false, true]) func `shards are whole files that hold every tensor once, byte for byte`(tied: Bool)
        throws
    {
        let model = try model(tied: tied)
        let shards = try ModelShards(model)
        #expect(shards.layerCount == 3)
        #expect(shards.tiedEmbedding == tied)
        var seen: [String] = []
        for part in allParts(shards) {
            let file = try GGUFFile(copying: bytes(shards[part]), path: "\(part)")
            #expect(file.bytes.count == shards[part].byteCount)
            for tensor in file.tensors {
                let original = try #require(model.tensor(named: tensor.name))
                #expect(tensor.type == original.type)
                #expect(tensor.dimensions == original.dimensions)
                #expect(file.bytes(of: tensor) == model.bytes(of: original), "\(tensor.name)")
                #expect(ModelPart(tensor: tensor.name) == part)
            }
            seen += file.tensors.map(\.name)
        }
        #expect(seen.sorted() == model.tensors.map(\.name).sorted())
        #expect(seen.contains("output.weight") == !tied)
    }

    @Test func `the configuration has the model's metadata without its tokenizer`() throws {
        let model = try model()
        let file = try GGUFFile(copying: bytes(ModelShards(model)[.configuration]), path: "")
        #expect(file.metadata.entries.map(\.key).contains("llama.block_count"))
        #expect(!file.metadata.entries.contains { $0.key.hasPrefix("tokenizer.") })
        let kept = model.metadata.entries.filter { !$0.key.hasPrefix("tokenizer.") }
        #expect(file.metadata.entries.map(\.key) == kept.map(\.key))
        #expect(try file.metadata.string("general.architecture") == "llama")
    }

    @Test(arguments: [1, 7, 63, 64, 1000, 4096]) func `pieces of any size give the same bytes`(piece: Int) throws {
        let shards = try ModelShards(try model())
        for part in allParts(shards) { #expect(bytes(shards[part], piece: piece) == bytes(shards[part]), "\(part)") }
    }

    @Test func `nothing is read beyond the end`() throws {
        let shard = try ModelShards(try model())[.head]
        var count = 0
        shard.read(offset: shard.byteCount - 3, count: 100) { count += $0.count }
        #expect(count == 3)
        shard.read(offset: shard.byteCount, count: 100) { count += $0.count }
        #expect(count == 3)
    }

    @Test func `equal models give equal ids, other weights other ids`() async throws {
        let (first, second, other) = try (
            ModelShards(try model()), ModelShards(try model()), ModelShards(try model(seed: 2))
        )
        let parts = allParts(first)
        let ids = try await first.identify(parts)
        #expect(try await second.identify(parts.reversed()) == ids)
        #expect(Set(ids.values).count == parts.count)
        for part in parts { #expect(ids[part] == first[part].identify()) }
        let others = try await other.identify(parts)
        for part in parts where part != .configuration { #expect(ids[part] != others[part], "\(part)") }
    }

    @Test(arguments: [false, true]) func `a stage's parts begin with the configuration`(tied: Bool) throws {
        let shards = try ModelShards(try model(tied: tied))
        #expect(shards.parts(embedding: false, layers: 1..<3, head: false) == [.configuration, .layer(1), .layer(2)])
        #expect(shards.parts(embedding: true, layers: 0..<1, head: false) == [.configuration, .embedding, .layer(0)])
        #expect(
            shards.parts(embedding: false, layers: 0..<0, head: true)
                == (tied ? [.configuration, .embedding, .head] : [.configuration, .head]))
        #expect(
            shards.parts(embedding: true, layers: 0..<0, head: true) == [.configuration, .embedding, .head])
    }

    @Test(arguments: [
        ("token_embd.weight", "no token embedding"), ("blk.1.", "gaps"), ("blk.", "no layers"),
        ("output", "no output norm"),
    ]) func `a model without one of its parts is refused`(missing: String, words: String) throws {
        let model = try model()
        let kept = model.tensors.filter { !$0.name.hasPrefix(missing) }
        let file = try GGUFWriter(
            metadata: model.metadata.entries.map { (key: $0.key, value: $0.value) },
            tensors: kept.map { .init(name: $0.name, type: $0.type, dimensions: $0.dimensions) }
        ).file(contents: kept.map { model.bytes(of: $0).withUnsafeBytes { Array($0) } })
        let error = try #require(throws: CoordinatorError.self) {
            try ModelShards(try GGUFFile(copying: file, path: "part.gguf"))
        }
        #expect(error.code == .model)
        #expect(error.message.contains(words), "\(error.message)")
        #expect(error.message.contains("part.gguf"))
    }
}
