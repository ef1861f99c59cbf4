import ModelParts
import Formats
import Foundation
import GGUF
import ModelGraph
import Tensors
import TestSupport
import Testing

@Suite struct StageSequenceTests {
    private let tokens: [UInt32] = (0..<200).map { UInt32($0 * 29 % 250) }

    private func feed(_ pipeline: Pipeline, _ sequence: UInt32, _ position: Int, _ tokens: [UInt32]) throws -> [Float] {
        try pipeline.forward(tokens, spans: [RowSpan(sequence: sequence, position: position, count: tokens.count)])
    }

    @Test("a fork goes its own way and leaves its origin alone", arguments: [1, 63, 64, 65, 100])
    func aForkGoesItsOwnWay(position: Int) throws {
        let file = try tinyFile(.q4_0), other: [UInt32] = Array(tokens.reversed())
        let width = try Pipeline(file).configuration.vocabulary
        let pipeline = try Pipeline(file), stage = pipeline.stages[0]
        _ = try pipeline.logits(Array(tokens.prefix(100)), sequence: 1)
        try stage.fork(sequence: 2, from: 1, positions: position)
        #expect(try stage.length(sequence: 2) == position)
        let forked = try feed(pipeline, 2, position, Array(other.prefix(50)))
        let straight = try Pipeline(file).logits(Array(tokens.prefix(position) + other.prefix(50)))
        #expect(equalBits(forked, Array(straight[(position * width)...])))
        let origin = try feed(pipeline, 1, 100, Array(tokens[100..<130]))
        let expected = try Pipeline(file).logits(Array(tokens.prefix(130)))
        #expect(equalBits(origin, Array(expected[(100 * width)...])))
    }

    @Test("a trimmed sequence goes on as if the rest had never been", arguments: [0, 1, 63, 64, 65, 99, 100])
    func aTrimmedSequenceGoesOnAs(length: Int) throws {
        let file = try tinyFile(.q4_1), width = try Pipeline(file).configuration.vocabulary
        let pipeline = try Pipeline(file), other: [UInt32] = Array(tokens.reversed())
        _ = try pipeline.logits(Array(tokens.prefix(100)))
        try pipeline.stages[0].trim(sequence: 1, to: length)
        let found = try feed(pipeline, 1, length, Array(other.prefix(20)))
        let expected = try Pipeline(file).logits(Array(tokens.prefix(length) + other.prefix(20)))
        #expect(equalBits(found, Array(expected[(length * width)...])))
    }

    @Test("caches are shared by forks and freed by close")
    func cachesAreSharedByForksAnd() throws {
        let pipeline = try Pipeline(tinyFile(.f16)), stage = pipeline.stages[0]
        let page = pipeline.configuration.keyValueLayout(0..<5, compute: .int8).pageBytes
        #expect(stage.keyValueBytes == 0)
        _ = try pipeline.logits(Array(tokens.prefix(65)))
        #expect(stage.keyValueBytes == 2 * page)
        try stage.fork(sequence: 2, from: 1, positions: 65)
        #expect(stage.keyValueBytes == 2 * page)
        _ = try feed(pipeline, 2, 65, [1])
        #expect(stage.keyValueBytes == 3 * page)
        stage.close(sequence: 1)
        #expect(stage.keyValueBytes == 2 * page)
        stage.close(sequence: 2)
        stage.close(sequence: 2)
        #expect(stage.keyValueBytes == 0)
    }

    @Test("wrong sequences and positions are refused and change nothing")
    func wrongSequencesAndPositionsAreRefused() throws {
        let pipeline = try Pipeline(tinyFile(.q8_0), context: 100), stage = pipeline.stages[0]
        let expected = try Pipeline(tinyFile(.q8_0)).logits(Array(tokens.prefix(12)))
        try pipeline.open(1)
        _ = try feed(pipeline, 1, 0, Array(tokens.prefix(10)))
        func code(_ body: () throws -> Void) -> ModelError.Code? {
            do { try body() } catch { return (error as? ModelError)?.code }
            return nil
        }
        #expect(code { try stage.open(sequence: 1) } == .sequenceExists)
        #expect(code { try stage.fork(sequence: 1, from: 1, positions: 0) } == .sequenceExists)
        #expect(code { try stage.fork(sequence: 2, from: 3, positions: 0) } == .unknownSequence)
        #expect(code { try stage.fork(sequence: 2, from: 1, positions: 11) } == .positionMismatch)
        #expect(code { try stage.trim(sequence: 1, to: 11) } == .positionMismatch)
        #expect(code { try stage.trim(sequence: 1, to: -1) } == .positionMismatch)
        #expect(code { try stage.trim(sequence: 4, to: 0) } == .unknownSequence)
        #expect(code { _ = try feed(pipeline, 4, 0, [1]) } == .unknownSequence)
        #expect(code { _ = try feed(pipeline, 1, 9, [1]) } == .positionMismatch)
        #expect(code { _ = try feed(pipeline, 1, 10, Array(tokens.prefix(91))) } == .contextExceeded)
        #expect(code { _ = try feed(pipeline, 1, 10, []) } == .contextExceeded)
        #expect(code { _ = try feed(pipeline, 1, 10, [1_000_000]) } == .invalidInput)
        let good = RowSpan(sequence: 1, position: 10, count: 2), bad = RowSpan(sequence: 1, position: 11, count: 1)
        #expect(code { _ = try pipeline.forward([1, 2, 3], spans: [good, bad]) } == .positionMismatch)
        #expect(code { _ = try pipeline.forward([1, 2, 3], spans: [good]) } == .invalidInput)
        #expect(code { _ = try pipeline.forward([1, 2], spans: [good], outputRows: [1, 0]) } == .invalidInput)
        #expect(code { _ = try pipeline.forward([1, 2], spans: [good], outputRows: [2]) } == .invalidInput)
        #expect(try stage.length(sequence: 1) == 10)
        let rest = try feed(pipeline, 1, 10, Array(tokens[10..<12]))
        #expect(equalBits(rest, Array(expected[(10 * pipeline.configuration.vocabulary)...])))
    }
    @Test(
        "a step that read weights that are gone has no result, nor any step after it",
        arguments: [ComputeMode.int8, .f32])
    func goneWeights(compute: ComputeMode) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var model = TinyModel(type: .q8_0)
        model.layers = 5
        let path = folder.path + "/tiny.gguf"
        try Data(model.file()).write(to: URL(fileURLWithPath: path))
        let file = try GGUFFile.open(path: path)
        let places = PackedFolder(in: folder.path + "/packed", model: file)
        let pipeline = try Pipeline(file, compute: compute, packed: places), stage = pipeline.stages[0]
        let expected = try pipeline.logits(Array(tokens.prefix(20)))
        let whole = try Pipeline(file, compute: compute, packed: places)
        #expect(equalBits(try whole.logits(Array(tokens.prefix(20))), expected))
        // What products read: packed panels, or in the exact mode the model's own file.
        let packed = FileManager.default.enumerator(atPath: folder.path + "/packed")?.compactMap { $0 as? String } ?? []
        let layer = packed.first { $0.contains("blk.3") }.map { "\(folder.path)/packed/\($0)" }
        let shortened = try compute == .int8 ? #require(layer) : path
        #expect(truncate(shortened, 0) == 0)
        for _ in 0..<2 {
            do {
                _ = try feed(pipeline, 1, 20, Array(tokens[20..<30]))
                Issue.record("a result of weights that are gone")
            } catch let error as ModelError {
                #expect(error.code == .damagedFile)
            }
            #expect(try stage.length(sequence: 1) == 20)
            #expect(stage.isDamaged)
        }
    }
}
