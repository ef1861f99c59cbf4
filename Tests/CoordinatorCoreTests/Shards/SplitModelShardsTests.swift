import CoordinatorCore
import Foundation
import GGUF
import TestSupport
import Testing
import Wire

/// Models in several files are shared out as the same model in one file is.
struct SplitModelShardsTests {
    private let single: GGUFFile
    private let split: SplitModel

    init() throws {
        single = try GGUFFile(copying: TinyModel().file(), path: "tiny.gguf")
        split = SplitModel(single, tensors: [7, 0, 14])
    }

    @Test func `shards have the ids that they have from one file`() async throws {
        let whole = try ModelShards(single)
        let shards = try ModelShards(split.open())
        let parts: [ModelPart] = [.configuration, .embedding] + (0..<4).map { .layer($0) } + [.head]
        #expect(shards.layerCount == 4)
        #expect(try await shards.identify(parts) == whole.identify(parts))
        try shards.check()
    }

    @Test func `ids are remembered while no file changes, and the model is known by its name without numbers`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let paths = split.names().map { "\(folder.path)/\($0)" }
        for (path, part) in zip(paths, split.parts) { try Data(part.file()).write(to: URL(filePath: path)) }
        let id = ShardID.of([1])
        let model = try GGUFFile.openModel(path: paths[0])
        try #require(ShardIDCache(folder: folder.path, model: model)).store(["head": id])
        #expect(try #require(ShardIDCache(folder: folder.path, model: model)).load() == ["head": id])
        #expect(ServedModel.id(path: paths[0]) == "tiny")
        #expect(try Data(contentsOf: URL(filePath: paths[2])).count > 0)
        // The same file, written again.
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: paths[2])
        let changed = try GGUFFile.openModel(path: paths[0])
        #expect(try #require(ShardIDCache(folder: folder.path, model: changed)).load() == [:])
    }

    @Test func `a file that was changed while the model is in use is told by its name`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let paths = split.names().map { "\(folder.path)/\($0)" }
        for (path, part) in zip(paths, split.parts) { try Data(part.file()).write(to: URL(filePath: path)) }
        let shards = try ModelShards(GGUFFile.openModel(path: paths[0]))
        try shards.check()
        truncate(paths[3], 100)
        let error = try #require(throws: CoordinatorError.self) { try shards.check() }
        #expect(error.message.contains(paths[3]), "\(error.message)")
    }

    @Test func `a model that was placed is known with the size of all its files, and missing when one is`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let paths = split.names().map { "\(folder.path)/\($0)" }
        for (path, part) in zip(paths, split.parts) { try Data(part.file()).write(to: URL(filePath: path)) }
        let model = try GGUFFile.openModel(path: paths[0])
        try #require(ShardIDCache(folder: folder.path, model: model)).store(["head": .of([1])])
        func known() throws -> KnownModel { try #require(KnownModel.all(present: nil, dataFolder: folder.path).first) }
        #expect(try known().file == .present)
        #expect(try known().bytes == model.byteCount)
        #expect(try known().id == "tiny")
        try FileManager.default.removeItem(atPath: paths[3])
        #expect(try known().file == .missing)
        try Data([1, 2, 3]).write(to: URL(filePath: paths[3]))
        #expect(try known().file == .changed)
    }
}
