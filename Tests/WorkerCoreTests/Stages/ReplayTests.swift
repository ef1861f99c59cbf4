import ModelParts
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Stages that lost their caches, and are filled again while the others keep theirs.
struct ReplayTests {
    struct Cache: Sendable, CustomTestStringConvertible {
        var compute = ComputeMode.int8
        var type = KeyValueType.standard

        var testDescription: String { "\(compute) \(type)" }
    }

    private static let first: [UInt32] = (0..<110).map { $0 * 29 % 250 }
    private static let second: [UInt32] = (0..<110).map { $0 < 70 ? $0 * 29 % 250 : $0 * 31 % 250 }

    /// Two sequences of 100 positions that share 70.
    private func fill(_ pipe: TestPipe) async -> Bool {
        guard await pipe.run([], [.open(sequence: 1)]) != nil, await pipe.feed(Self.first[..<100], of: 1),
            await pipe.run([], [.fork(sequence: 2, from: 1, positions: 70)]) != nil
        else { return false }
        return await pipe.feed(Self.second[70..<100], at: 70, of: 2)
    }

    private func logits(_ pipe: TestPipe) async -> [[UInt32]] {
        [
            await pipe.logits(Array(Self.first[100...]), at: 100, of: 1),
            await pipe.logits(Array(Self.second[100...]), at: 100, of: 2),
        ]
    }

    @Test(
        arguments: [Cache(), Cache(type: .q8_0), Cache(compute: .f32)], [0, 1, 2]
    ) func `a stage without caches is filled again, and what follows has the same bits`(
        cache: Cache, lost: Int
    ) async throws {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        var pipe = TestPipe(tested)
        (pipe.compute, pipe.keyValueType) = (cache.compute, cache.type)
        try #require(await pipe.loadAll())
        try #require(await fill(pipe))
        let bytes = await pipe.cacheBytes(lost)
        let expected = await logits(pipe)
        #expect(expected.map(\.count) == [10, 10].map { $0 * TinyVocabulary.minimumCount })
        for chunk in [1, 7, 64, 100] {
            pipe.epoch += 1
            try #require(await pipe.loadAll())
            try #require(await fill(pipe))
            let sources = (0..<3).map { CacheSource(epoch: pipe.epoch, stage: $0) }
            let kept = [KeptSequence(sequence: 1, positions: 100), KeptSequence(sequence: 2, positions: 100)]
            pipe.epoch += 1
            for index in 0..<3 {
                let positions = await pipe.load(index, taking: index == lost ? [] : [sources[index]], kept)
                #expect(positions == (index == lost ? [0, 0] : [100, 100]))
            }
            let through = UInt16(lost)
            #expect(await pipe.feed(Self.first[..<100], of: 1, chunk: chunk, replayThrough: through))
            let fork = StepEntry.fork(sequence: 2, from: 1, positions: 70)
            #expect(await pipe.run([], [fork], replayThrough: through) != nil)
            #expect(await pipe.feed(Self.second[70..<100], at: 70, of: 2, chunk: chunk, replayThrough: through))
            #expect(await pipe.cacheBytes(lost) == bytes)
            #expect(await logits(pipe) == expected, "chunks of \(chunk)")
            #expect(await tested.ask(.unloadStages(UnloadStages(epochsThrough: pipe.epoch))) != nil)
        }
        tested.end()
    }

    @Test func `both sequences in one replay step, with the fork between their rows, give the same bits`()
        async throws
    {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        var pipe = TestPipe(tested)
        try #require(await pipe.loadAll())
        try #require(await fill(pipe))
        let expected = await logits(pipe)
        pipe.epoch = 2
        let kept = [1, 2].map { KeptSequence(sequence: $0, positions: 100) }
        for index in 0..<3 { #expect(await pipe.load(index, taking: [], kept) == [0, 0]) }
        let step = await pipe.run(
            Array(Self.first[..<100]) + Array(Self.second[70..<100]),
            [
                .rows(sequence: 1, position: 0, count: 100, output: .none),
                .fork(sequence: 2, from: 1, positions: 70),
                .rows(sequence: 2, position: 70, count: 30, output: .none),
            ], replayThrough: 2)
        #expect(step?.rowCount == 0)
        #expect(step?.pruned == true)
        #expect(await logits(pipe) == expected)
        tested.end()
    }

    @Test func `the stage that a replay ends at drops its rows, and the next hears of the step`() async throws {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        let pipe = TestPipe(tested)
        try #require(await pipe.loadAll())
        #expect(await pipe.run([], [.open(sequence: 1)]) != nil)
        var frame = tokenStep(
            [1, 2], entries: [.rows(sequence: 1, position: 0, count: 2, output: .none)], step: 9)
        frame.replayThrough = 1
        let rows = [2, 0, 0]
        for index in 0..<3 {
            tested.link.send(.step(frame))
            frame = try #require(await tested.probe.step())
            #expect(frame.rowCount == rows[index])
            #expect(frame.pruned == (index > 0))
            #expect(frame.replayThrough == 1)
            #expect(frame.stage == UInt32(index) + 1)
        }
        tested.end()
    }

    @Test func `a replay that begins behind a sequence, or forks what is too short, fails and changes nothing`()
        async throws
    {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        let pipe = TestPipe(tested)
        try #require(await pipe.loadAll())
        try #require(await fill(pipe))
        func failure(_ tokens: [UInt32], _ entry: StepEntry) async -> FailureCode? {
            var frame = tokenStep(tokens, entries: [entry], step: 9)
            frame.replayThrough = 2
            tested.link.send(.step(frame))
            if case .stepFailed(let failed) = await tested.probe.notice() { return failed.code }
            return nil
        }
        #expect(await failure([1], .rows(sequence: 1, position: 101, count: 1, output: .none)) == .positionMismatch)
        #expect(await failure([1], .rows(sequence: 3, position: 0, count: 1, output: .none)) == .sequenceMissing)
        #expect(await failure([], .fork(sequence: 1, from: 2, positions: 101)) == .positionMismatch)
        #expect(await failure([], .fork(sequence: 3, from: 1, positions: 10)) == .sequenceMissing)
        let long = [UInt32](repeating: 5, count: 500)
        #expect(await failure(long, .rows(sequence: 1, position: 50, count: 500, output: .none)) == .contextFull)
        // A fork of what the sequence has already is nothing.
        #expect(
            await pipe.run([], [.fork(sequence: 2, from: 1, positions: 100)], replayThrough: 2) != nil)
        let straight = TestPipe(tested)
        #expect(await logits(straight).allSatisfy { $0.count == 10 * TinyVocabulary.minimumCount })
        tested.end()
    }
}
