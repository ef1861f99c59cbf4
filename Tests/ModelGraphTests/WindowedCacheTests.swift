import ModelParts
import Formats
import Foundation
import GGUF
import ModelGraph
import ModelParts
import Tensors
import TestSupport
import Testing

/// Layers with a window give pages back that no later row sees, and give the bits that they would give with all of them.
struct WindowedCacheTests {
    private static let window = 40
    private static let kind = StateKind.window(window)

    private func tokens(_ count: Int, seed: Int = 0) -> [UInt32] {
        (0..<count).map { UInt32(($0 * 29 + seed * 7) % 250) }
    }

    private func feed(_ pipeline: Pipeline, _ sequence: UInt32, _ position: Int, _ tokens: [UInt32]) throws -> [Float] {
        try pipeline.forward(tokens, spans: [RowSpan(sequence: sequence, position: position, count: tokens.count)])
    }

    private func code(_ body: () throws -> Void) -> ModelError.Code? {
        do { try body() } catch { return (error as? ModelError)?.code }
        return nil
    }

    @Test func `what is kept of a window is what a row sees from there on, and some positions before`() {
        let kind = StateKind.window(1000)
        #expect([0, 1, 1128, 1191, 1192, 1255, 1256].map { kind.firstPage(reach: $0) } == [0, 0, 0, 0, 1, 1, 2])
        // Page 1 begins with position 64, which is the first that position 1063 sees.
        #expect(kind.canGoOn(at: 1063, reach: 1192))
        #expect(!kind.canGoOn(at: 1062, reach: 1192))
        #expect(kind.canGoOn(at: 1, reach: 1191))
        for reach in stride(from: 0, to: 3000, by: 7) {
            #expect(kind.canGoOn(at: max(0, reach - StateKind.slack - 1), reach: reach))
            #expect(StateKind.pages.canGoOn(at: 1, reach: reach) && StateKind.pages.firstPage(reach: reach) == 0)
        }
        #expect(kind.mostPages(positions: 1 << 20, rows: 256) == 23)
        #expect(kind.mostPages(positions: 100, rows: 256) == 2)
        #expect(StateKind.pages.mostPages(positions: 129, rows: 256) == 3)
        #expect(StateKind.window(.max).mostPages(positions: 129, rows: 256) == 3)
    }

    @Test func `layers are laid out with their like, and those that read what others keep have their places`() {
        let small = KeyValueLayout.Shape(heads: 1, keySize: 32, valueSize: 32)
        let large = KeyValueLayout.Shape(heads: 2, keySize: 64, valueSize: 64)
        let layout = CacheLayout(
            layers: [
                .own(Self.kind, small), .own(.pages, large), .shared(with: 0), .own(Self.kind, large), .shared(with: 1),
            ], element: .float16)
        #expect(layout.groups.map(\.kind) == [Self.kind, .pages])
        #expect(layout.groups.map(\.layout.layers) == [2, 1])
        #expect((0..<5).map { layout.kind(layer: $0) } == [Self.kind, .pages, nil, Self.kind, nil])
        #expect(layout.place(layer: 2) == layout.place(layer: 0) && layout.place(layer: 4) == layout.place(layer: 1))
        #expect(layout.part(layer: 3).byteCount == 4 * layout.part(layer: 2).byteCount)
        #expect(
            layout.pageBytes
                == (0..<5).reduce(0) { $0 + (layout.kind(layer: $1) == nil ? 0 : layout.part(layer: $1).byteCount) })
        #expect(layout.place(layers: 3..<4).indices == 1..<2)
    }

    @Test(arguments: [1, 17, 256]) func `pages of layers with a window stay as many as the window needs`(
        chunk: Int
    ) throws {
        let pipeline = try Pipeline(tinyFile(.q4_0, window: Self.window), context: 2048), stage = pipeline.stages[0]
        let prompt = tokens(1100)
        try pipeline.open(1)
        for position in stride(from: 0, to: prompt.count, by: chunk) {
            let end = min(position + chunk, prompt.count)
            _ = try feed(pipeline, 1, position, Array(prompt[position..<end]))
            for (kind, pages) in stage.pageCounts {
                #expect(pages == (end + 63) / 64 - kind.firstPage(reach: end))
                #expect(pages <= kind.mostPages(positions: end, rows: 0))
            }
        }
        // A window of 40, 128 positions besides, and what is left of two pages.
        #expect(stage.pageCounts.map(\.kind) == [Self.kind, .pages])
        #expect(stage.pageCounts.map(\.pages) == [4, 18])
        let layout = pipeline.configuration.cacheLayout(0..<5, compute: .int8)
        #expect(stage.keyValueBytes == 4 * layout.groups[0].layout.pageBytes + 18 * layout.groups[1].layout.pageBytes)
        #expect(pipeline.configuration.keyValueBytes(positions: 1100) < 18 * layout.pageBytes)
        stage.close(sequence: 1)
        #expect(stage.keyValueBytes == 0)
    }

    @Test func `a step never has more pages than were planned for its rows`() throws {
        let pipeline = try Pipeline(tinyFile(.q4_0, window: Self.window), context: 2048), stage = pipeline.stages[0]
        stage.limitPages { $0.mostPages(positions: 2048, rows: 256) }
        let prompt = tokens(1500)
        #expect(try pipeline.logits(prompt, chunk: 256).count == 1500 * pipeline.configuration.vocabulary)
        try pipeline.open(2)
        #expect(code { _ = try feed(pipeline, 2, 0, prompt) } == .outOfMemory)
    }

    @Test func `where what is seen was given back, nothing is cut, forked or computed again`() throws {
        let pipeline = try Pipeline(tinyFile(.q4_0, window: Self.window), context: 1024), stage = pipeline.stages[0]
        _ = try pipeline.logits(tokens(600))
        let furthest = Self.kind.firstPage(reach: 600) * 64 + Self.window - 1
        #expect(furthest <= 600 - 1 - StateKind.slack)
        #expect(code { try stage.fork(sequence: 2, from: 1, positions: furthest - 1) } == .positionMismatch)
        #expect(code { try stage.trim(sequence: 1, to: furthest - 1) } == .positionMismatch)
        #expect(code { try stage.trim(sequence: 1, to: 1) } == .positionMismatch)
        #expect(try stage.length(sequence: 1) == 600)
        #expect(throws: ModelError.self) { try replay(pipeline, 1, furthest - 1, tokens(600)) }
        try replay(pipeline, 1, furthest, tokens(600))
        try stage.fork(sequence: 2, from: 1, positions: furthest)
        // A fork is as far as what it comes from was.
        #expect(code { try stage.fork(sequence: 3, from: 2, positions: furthest - 1) } == .positionMismatch)
        try stage.trim(sequence: 1, to: furthest)
        #expect(code { try stage.trim(sequence: 1, to: furthest - 1) } == .positionMismatch)
        try stage.fork(sequence: 3, from: 1, positions: 0)
        try stage.trim(sequence: 1, to: 0)
        let again = try feed(pipeline, 1, 0, tokens(100, seed: 3))
        #expect(equalBits(again, try Pipeline(tinyFile(.q4_0, window: Self.window)).logits(tokens(100, seed: 3))))
        try stage.trim(sequence: 1, to: 1)
    }

    private func replay(_ pipeline: Pipeline, _ sequence: UInt32, _ position: Int, _ tokens: [UInt32]) throws {
        let rest = Array(tokens[position...])
        var output = [Float](repeating: 0, count: rest.count * pipeline.configuration.vocabulary)
        try output.withUnsafeMutableBufferPointer { output in
            try rest.withUnsafeBufferPointer {
                try pipeline.stages[0].forward(
                    input: .tokens($0), spans: [RowSpan(sequence: sequence, position: position, count: rest.count)],
                    isReplay: true, output: output)
            }
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `whatever is computed, forked, trimmed and closed, every bit is that of a stage that keeps all`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let window = Int.random(in: 1...200, using: &random)
        try compare(try tinyFile(.q4_0, window: window), &random, vocabulary: 250)
    }

    private static let golden = GoldenModel.all.filter {
        ["gemma2", "gemma3", "gemma4-dense", "gemma4-e", "gpt-oss", "cohere2", "phi3"].contains($0.name)
    }

    @Test(arguments: golden) func `every architecture with a window gives the bits of a stage that keeps all`(
        model: GoldenModel
    ) throws {
        var random = SeededGenerator(seed: 9)
        try compare(try GGUFFile.open(path: Golden.file(model.file).path), &random, vocabulary: 500)
    }

    /// Random steps of several sequences, in a stage that gives back and one that does not.
    private func compare(_ file: GGUFFile, _ random: inout SeededGenerator, vocabulary: UInt32) throws {
        let threads = Int.random(in: 1...3, using: &random)
        let splits = try ModelConfiguration(file: file).mayCut(before: 2) ? [2] : []
        let one = try Pipeline(file, splits: splits, threads: threads, context: 900)
        let twin = try Pipeline(file, splits: splits, threads: threads, context: 900, givesBack: false)
        var lengths: [UInt32: Int] = [:], computed = 0
        var next: UInt32 = 1
        while computed < 2500 {
            let known = lengths.keys.sorted().randomElement(using: &random)
            switch (Int.random(in: 0..<12, using: &random), known) {
            case (0, _) where lengths.count < 4, (_, nil):
                for pipeline in [one, twin] { try pipeline.open(next) }
                lengths[next] = 0
                next += 1
            case (1...2, let source?) where lengths.count < 4:
                let position = cut(lengths[source]!, &random)
                let taken = one.stages.map { stage in
                    code { try stage.fork(sequence: next, from: source, positions: position) }
                }
                if taken.allSatisfy({ $0 == nil }) {
                    for stage in twin.stages { try stage.fork(sequence: next, from: source, positions: position) }
                    lengths[next] = position
                } else {
                    for stage in one.stages { stage.close(sequence: next) }
                }
                next += 1
            case (3, let sequence?):
                let position = cut(lengths[sequence]!, &random)
                let taken = one.stages.map { stage in code { try stage.trim(sequence: sequence, to: position) } }
                if taken.allSatisfy({ $0 == nil }) {
                    for stage in twin.stages { try stage.trim(sequence: sequence, to: position) }
                    lengths[sequence] = position
                } else {
                    for pipeline in [one, twin] { pipeline.stages.forEach { $0.close(sequence: sequence) } }
                    lengths[sequence] = nil
                }
            case (4, let sequence?) where lengths.count > 2:
                for pipeline in [one, twin] { pipeline.stages.forEach { $0.close(sequence: sequence) } }
                lengths[sequence] = nil
            case (_, let sequence?):
                let most = [1, 1, 9, 70, 300].randomElement(using: &random)!
                let count = min(Int.random(in: 1...most, using: &random), 900 - lengths[sequence]!)
                guard count > 0 else { continue }
                let rows = (0..<count).map { _ in UInt32.random(in: 0..<vocabulary, using: &random) }
                let found = try feed(one, sequence, lengths[sequence]!, rows)
                #expect(equalBits(found, try feed(twin, sequence, lengths[sequence]!, rows)))
                lengths[sequence]! += count
                computed += count
            }
        }
        let bytes = [one, twin].map { $0.stages.reduce(0) { $0 + $1.keyValueBytes } }
        #expect(bytes[0] <= bytes[1])
        for number in lengths.keys {
            for pipeline in [one, twin] { pipeline.stages.forEach { $0.close(sequence: number) } }
        }
        #expect(one.stages.allSatisfy { $0.keyValueBytes == 0 })
    }

    /// Anywhere, often near the end.
    private func cut(_ length: Int, _ random: inout SeededGenerator) -> Int {
        Bool.random(using: &random)
            ? Int.random(in: 0...length, using: &random)
            : Int.random(in: max(0, length - StateKind.slack - 1)...length, using: &random)
    }
}
