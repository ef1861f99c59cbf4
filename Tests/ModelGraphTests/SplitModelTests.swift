import Formats
import Foundation
import GGUF
import ModelGraph
import Tensors
import TestSupport
import Testing

/// Models in several files compute what the same model in one file does.
@Suite struct SplitModelTests {
    private static let prompt: [UInt32] = (0..<20).map { $0 * 37 % 250 }

    @Test(arguments: [ElementType.f32, .q4_0]) func `a split model's logits are those of the whole one`(
        type: ElementType
    ) throws {
        let single = try tinyFile(type)
        let expected = try Pipeline(single).logits(Self.prompt)
        for counts in [[10, 17], [0, 20, 3]] {
            let split = try SplitModel(single, tensors: counts).open()
            #expect(equalBits(try Pipeline(split).logits(Self.prompt), expected))
            #expect(equalBits(try Pipeline(split, splits: [1, 3]).logits(Self.prompt), expected))
            #expect(try ModelConfiguration(file: split) == ModelConfiguration(file: single))
        }
    }

    @Test func `packed weights are kept for all files together, and made anew when one changes`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let split = try SplitModel(tinyFile(.q4_0), tensors: [10, 17])
        let paths = split.names().map { "\(folder.path)/\($0)" }
        for (path, part) in zip(paths, split.parts) { try Data(part.file()).write(to: URL(filePath: path)) }
        func use() throws -> PackedUse {
            let model = try GGUFFile.openModel(path: paths[0])
            let packed = try #require(PackedFolder(in: folder.path + "/cache", model: model))
            return try Pipeline(model, packed: packed).stages[0].packedUse
        }
        let first = try use()
        #expect(first.written > 0 && first.mapped == 0)
        #expect(try use().mapped == first.written)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: paths[1])
        #expect(try use().written == first.written)
    }
}
