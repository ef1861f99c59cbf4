import ModelParts
import Formats
import Foundation
import GGUF
import ModelGraph
import Tensors
import TestSupport
import Testing

/// Stages whose packed weights are kept on disk.
@Suite struct PackedFolderTests {
    private static let prompt: [UInt32] = (0..<20).map { $0 * 37 % 250 }
    /// Matrices of a layer.
    private static let layerMatrices = 7

    private let folder: TemporaryFolder
    private var cache: String { folder.path + "/cache" }
    private var modelPath: String { folder.path + "/model.gguf" }

    init() throws { folder = try TemporaryFolder() }

    private func makeModel(sharesEmbedding: Bool = false, layers: Int = 3, seed: UInt64 = 1) throws -> GGUFFile {
        var model = TinyModel(type: .q4_0, seed: seed)
        model.sharesEmbedding = sharesEmbedding
        model.layers = layers
        // A new file, as when one is downloaded again.
        try model.write(to: modelPath + ".new")
        #expect(rename(modelPath + ".new", modelPath) == 0)
        return try GGUFFile.open(path: modelPath)
    }

    private func packedFolder(_ model: GGUFFile) throws -> PackedFolder {
        try #require(PackedFolder(in: cache, model: model))
    }

    /// What the packed files hold, of this model and others.
    private func packedFiles(_ packed: PackedFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: packed.path).sorted().map { name in
            #expect(name.hasSuffix(".packed"))
            return String(name[..<(name.lastIndex(of: "-") ?? name.endIndex)])
        }
    }

    /// The logits of a stage that is loaded with `packed`, and how its matrices were come by.
    private func load(_ model: GGUFFile, _ packed: (any PackedPlaces)?, splits: [Int] = []) throws -> (
        logits: [Float], use: PackedUse
    ) {
        let pipeline = try Pipeline(model, splits: splits, threads: 2, packed: packed)
        var use = PackedUse()
        for stage in pipeline.stages {
            use.mapped += stage.packedUse.mapped
            use.written += stage.packedUse.written
            use.inMemory += stage.packedUse.inMemory
            use.hint = use.hint ?? stage.packedUse.hint
            #expect(stage.packedUse.mappedBytes <= stage.weightBytes)
        }
        return (try pipeline.logits(Self.prompt), use)
    }

    private func counts(_ use: PackedUse) -> [Int] { [use.mapped, use.written, use.inMemory] }

    @Test(
        "in memory, freshly written and mapped again give equal bits, and only the first start packs",
        arguments: [false, true])
    func equalBitsAndPackedOnce(sharesEmbedding: Bool) throws {
        defer { folder.remove() }
        let model = try makeModel(sharesEmbedding: sharesEmbedding), all = 3 * Self.layerMatrices + 1
        let expected = try load(model, nil)
        #expect(counts(expected.use) == [0, 0, all])
        let packed = try packedFolder(model)
        let written = try load(model, packed)
        #expect(counts(written.use) == [0, all, 0])
        #expect(equalBits(written.logits, expected.logits))
        let files = try packedFiles(packed)
        #expect(
            files == [
                "blk.0", "blk.1", "blk.2",
                sharesEmbedding ? "token_embd.weight" : "output.weight",
            ])
        // Another process, as it were: the file is opened again, and the folder found again.
        let again = try GGUFFile.open(path: modelPath)
        let mapped = try load(again, try packedFolder(again))
        #expect(counts(mapped.use) == [all, 0, 0])
        #expect(equalBits(mapped.logits, expected.logits))
        #expect(try packedFiles(packed) == files)
    }

    @Test("stages of some layers use what the whole model wrote, and the other way round")
    func otherPlacements() throws {
        defer { folder.remove() }
        let model = try makeModel(), packed = try packedFolder(model)
        let configuration = try ModelConfiguration(file: model)
        let stage = try Stage(
            configuration: configuration, range: StageRange(embedding: true, layers: 1..<2, head: false),
            tensors: model,
            compute: .int8, context: 64, pool: ThreadPool(threads: 1), packed: packed)
        #expect(counts(stage.packedUse) == [0, Self.layerMatrices, 0])
        #expect(try packedFiles(packed) == ["blk.1"])
        let whole = try load(model, packed)
        #expect(counts(whole.use) == [Self.layerMatrices, 2 * Self.layerMatrices + 1, 0])
        let split = try load(model, packed, splits: [1, 2])
        #expect(counts(split.use) == [3 * Self.layerMatrices + 1, 0, 0])
        #expect(equalBits(split.logits, whole.logits))
    }

    @Test("weights that are mapped are counted like those in memory")
    func weightBytes() throws {
        defer { folder.remove() }
        let model = try makeModel(), packed = try packedFolder(model)
        let alone = try Pipeline(model).stages[0]
        _ = try Pipeline(model, packed: packed)
        let mapped = try Pipeline(model, packed: packed).stages[0]
        #expect(mapped.weightBytes == alone.weightBytes)
        let embedding = try #require(model.tensor(named: "token_embd.weight")).byteCount
        #expect(alone.packedUse.mappedBytes == embedding)
        // Only the norms are in memory: two of each layer and the final one.
        #expect(mapped.weightBytes - mapped.packedUse.mappedBytes == 7 * 64 * 4)
    }

    @Test("a model that was replaced is packed anew, and nothing of the old one stays")
    func replaced() throws {
        defer { folder.remove() }
        let old = try makeModel(layers: 4)
        _ = try load(old, try packedFolder(old))
        let new = try makeModel(layers: 3, seed: 2), packed = try packedFolder(new)
        #expect(packed.path == (try packedFolder(new)).path)
        #expect(try packedFiles(packed) == [])
        let expected = try load(new, nil), written = try load(new, packed), mapped = try load(new, packed)
        #expect(counts(written.use) == [0, 3 * Self.layerMatrices + 1, 0])
        #expect(counts(mapped.use) == [3 * Self.layerMatrices + 1, 0, 0])
        #expect(equalBits(written.logits, expected.logits))
        #expect(equalBits(mapped.logits, expected.logits))
        #expect(try packedFiles(packed).count == 4)
        // The old one, still mapped, never takes the new one's weights for its own.
        #expect(!equalBits(try load(old, try packedFolder(old)).logits, expected.logits))
    }

    @Test("damaged files are packed again, and give the same bits")
    func damaged() throws {
        defer { folder.remove() }
        let model = try makeModel(), packed = try packedFolder(model)
        let expected = try load(model, packed)
        let path = try #require(packed.place(of: "blk.1.attn_q.weight")).path
        let whole = try Data(contentsOf: URL(filePath: path))
        var generator = SeededGenerator(seed: 7)
        for round in 0..<20 {
            var bytes = whole
            if round.isMultiple(of: 2) {
                bytes = bytes.prefix(Int.random(in: 0..<bytes.count, using: &generator))
            } else {
                for _ in 0..<Int.random(in: 1...5, using: &generator) {
                    bytes[Int.random(in: 0..<400, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
                }
            }
            try bytes.write(to: URL(filePath: path))
            let repaired = try load(model, packed)
            #expect(counts(repaired.use) == [2 * Self.layerMatrices + 1, Self.layerMatrices, 0], "\(generator)")
            #expect(equalBits(repaired.logits, expected.logits))
            #expect(try Data(contentsOf: URL(filePath: path)) == whole)
        }
    }

    @Test("where nothing can be written the weights are packed into memory, and it is said why")
    func cannotBeWritten() throws {
        defer { folder.remove() }
        let model = try makeModel()
        try Data().write(to: URL(filePath: cache))
        let unkept = try load(model, try packedFolder(model))
        #expect(counts(unkept.use) == [0, 0, 3 * Self.layerMatrices + 1])
        #expect(unkept.use.hint?.contains(cache) == true)
        #expect(equalBits(unkept.logits, try load(model, nil).logits))
    }

    @Test("the exact mode and models in memory keep nothing")
    func keepNothing() throws {
        defer { folder.remove() }
        let model = try makeModel(), packed = try packedFolder(model)
        let exact = try Pipeline(model, compute: .f32, packed: packed).stages[0]
        #expect(counts(exact.packedUse) == [0, 0, 0])
        #expect(exact.packedUse.mappedBytes > exact.weightBytes * 9 / 10)
        #expect(!FileManager.default.fileExists(atPath: cache))
        #expect(PackedFolder(in: cache, model: try tinyFile(.q4_0)) == nil)
    }

    @Test("a tensor's name becomes a file's name only when it can be one")
    func names() throws {
        defer { folder.remove() }
        let packed = try packedFolder(try makeModel())
        #expect(packed.place(of: "blk.12.ffn_up.weight")?.path.hasPrefix(packed.path + "/blk.12-") == true)
        #expect(packed.place(of: "blk.12.attn_q.weight") == packed.place(of: "blk.12.ffn_up.weight"))
        #expect(packed.place(of: "output.weight")?.path.hasPrefix(packed.path + "/output.weight-") == true)
        for name in ["../../etc/passwd", "a/b", "a b", "", "ä", String(repeating: "x", count: 101)] {
            #expect(packed.place(of: name) == nil, "\(name)")
        }
    }
}
