import ModelParts
import TestSupport
import Testing
import Wire
import WorkerCore

/// Stages of a new epoch that take over the caches of those before them on the same worker.
struct LocalTakeoverTests {
    private static let first: [UInt32] = (0..<140).map { $0 * 29 % 250 }
    private static let second: [UInt32] = (0..<140).map { $0 < 70 ? $0 * 29 % 250 : $0 * 31 % 250 }

    private func worker(_ model: TinyModel = TestPipe.model, memoryBytes: Int? = nil) throws -> TestWorker {
        let tested = try TestWorker(model: model, memoryBytes: memoryBytes)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        return tested
    }

    /// Sequences 1 and 2 of 130 positions that share 70, and an empty one.
    private func fill(_ pipe: TestPipe) async -> Bool {
        guard await pipe.run([], [.open(sequence: 1), .open(sequence: 3)]) != nil,
            await pipe.feed(Self.first[..<130], of: 1),
            await pipe.run([], [.fork(sequence: 2, from: 1, positions: 70)]) != nil
        else { return false }
        return await pipe.feed(Self.second[70..<130], at: 70, of: 2)
    }

    private func logits(_ pipe: TestPipe, at position: Int = 130) async -> [[UInt32]] {
        [
            await pipe.logits(Array(Self.first[position...]), at: position, of: 1),
            await pipe.logits(Array(Self.second[position...]), at: position, of: 2),
        ]
    }

    private let kept = [1, 2].map { KeptSequence(sequence: $0, positions: 200) }

    @Test(arguments: [ComputeMode.int8, .f32], KeyValueType.allCases)
    func `stages are taken over as they are, split and merged, and the bits stay`(
        compute: ComputeMode, type: KeyValueType
    ) async throws {
        guard compute == .int8 || type == .standard else { return }
        let tested = try worker()
        var pipe = TestPipe(tested)
        (pipe.compute, pipe.keyValueType) = (compute, type)
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        let expected = await logits(pipe)
        pipe.epoch = 2
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))

        // As they are: no loading again.
        pipe.epoch = 3
        let bytes = await tested.stages()?.last?.keyValueBytes
        for index in 0..<3 {
            let before = tested.probe.unread.count
            let source = CacheSource(epoch: 2, stage: UInt32(index))
            #expect(await pipe.load(index, taking: [source], kept) == [130, 130])
            #expect(tested.probe.unread.count == before)
        }
        #expect(await tested.stages()?.map(\.epoch) == [1, 1, 1, 3, 3, 3])
        #expect(await tested.stages()?.suffix(3).map(\.sequences) == [2, 2, 2])
        #expect(await tested.stages()?.last?.keyValueBytes == bytes)

        // Merged into one stage of all layers, then into one that shares two of them with it.
        var merged = pipe
        merged.epoch = 4
        merged.ranges = [
            StageRange(embedding: true, layers: 0..<4),
            StageRange(layers: 4..<4, head: true),
        ]
        merged.workers = [tested, tested]
        let sources = (0..<3).map { CacheSource(epoch: 3, stage: $0) }
        #expect(await merged.load(0, taking: sources, kept) == [130, 130])
        #expect(await merged.load(1, taking: [CacheSource(epoch: 3, stage: 1)], kept) == [200, 200])
        // Pages that were shared are shared still: four layers take four times what the one of the last stage took.
        #expect(await merged.cacheBytes(0) == bytes.map { $0 * 4 })
        #expect(await tested.stages()?.map(\.epoch) == [1, 1, 1, 4, 4])
        #expect(await logits(merged) == expected)
        tested.end()
    }

    @Test func `layers that no source has are filled by a replay`() async throws {
        let tested = try worker()
        var pipe = TestPipe(tested)
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        let expected = await logits(pipe)
        pipe.epoch = 2
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        var moved = pipe
        moved.epoch = 3
        moved.ranges[1] = StageRange(layers: 1..<4)
        moved.ranges[2] = StageRange(layers: 4..<4, head: true)
        #expect(await moved.load(0, taking: [CacheSource(epoch: 2, stage: 0)], kept) == [130, 130])
        // Layers 1 and 2 alone have a source.
        #expect(await moved.load(1, taking: [CacheSource(epoch: 2, stage: 1)], kept) == [0, 0])
        #expect(await moved.load(2, taking: [], kept) == [200, 200])
        #expect(await moved.feed(Self.first[..<130], of: 1, replayThrough: 1))
        #expect(await moved.run([], [.fork(sequence: 2, from: 1, positions: 70)], replayThrough: 1) != nil)
        #expect(await moved.feed(Self.second[70..<130], at: 70, of: 2, replayThrough: 1))
        #expect(await logits(moved) == expected)
        tested.end()
    }

    @Test func `of a sequence no more is kept than is known to be right, and nothing of one trimmed another time`()
        async throws
    {
        let tested = try worker()
        var pipe = TestPipe(tested)
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        let expected = await logits(pipe)
        pipe.epoch = 2
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        // To the present length: that counts too. A fork begins with none.
        #expect(
            await pipe.run(
                [],
                [.trim(sequence: 1, to: 130), .trim(sequence: 1, to: 130), .fork(sequence: 4, from: 1, positions: 9)])
                != nil)
        pipe.epoch = 3
        let wanted = [
            KeptSequence(sequence: 2, positions: 100), KeptSequence(sequence: 1, positions: 130, trims: 2),
            KeptSequence(sequence: 9, positions: 5), KeptSequence(sequence: 4, positions: 9),
        ]
        for index in 0..<3 {
            let source = CacheSource(epoch: 2, stage: UInt32(index))
            #expect(await pipe.load(index, taking: [source], wanted) == [100, 130, 0, 9])
        }
        #expect(await tested.stages()?.last?.sequences == 4)
        #expect(
            await pipe.logits(Array(Self.second[100...]), at: 100, of: 2).suffix(10 * TinyVocabulary.minimumCount)
                == expected[1][...])
        pipe.epoch = 4
        let other = [KeptSequence(sequence: 1, positions: 130, trims: 1), KeptSequence(sequence: 2, positions: 130)]
        for index in 0..<3 {
            let source = CacheSource(epoch: 3, stage: UInt32(index))
            #expect(await pipe.load(index, taking: [source], other) == [0, 130])
        }
        // Its trims are those that were told.
        #expect(await pipe.feed(Self.first[..<3], of: 1))
        pipe.epoch = 5
        for index in 0..<3 {
            let source = CacheSource(epoch: 4, stage: UInt32(index))
            #expect(await pipe.load(index, taking: [source], other) == [3, 130])
        }
        tested.end()
    }

    @Test func `a load that fails leaves its sources as they were`() async throws {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(embedding: true, layers: 0..<3)
        var pipe = TestPipe(tested)
        pipe.ranges = [StageRange(embedding: true, layers: 0..<2)]
        pipe.workers = [tested]
        #expect(await pipe.loadAll())
        #expect(await pipe.run([], [.open(sequence: 1)]) != nil)
        #expect(await pipe.feed(Self.first[..<10], of: 1))
        var request = pipe.request(0)
        request.epoch = 2
        request.caches = [CacheSource(epoch: 1, stage: 0)]
        request.sequences = [KeptSequence(sequence: 1, positions: 10)]
        request.range = StageRange(embedding: true, layers: 0..<3)
        request.shards = tested.shards.ids(embedding: true, layers: 0..<4)
        #expect(await tested.failure(.loadStage(request)) == .shardMissing)
        for wrong in [
            [KeptSequence(sequence: 1, positions: 10), KeptSequence(sequence: 1, positions: 9)],
            (0..<9).map { KeptSequence(sequence: $0, positions: 1) },
        ] {
            request.sequences = wrong
            #expect(await tested.failure(.loadStage(request)) == .badRequest)
        }
        #expect(await pipe.run([7], [.rows(sequence: 1, position: 10, count: 1, output: .all)])?.rowCount == 1)
        // Sources that are not there are as ones that have nothing.
        request = pipe.request(0)
        request.epoch = 2
        request.caches = [CacheSource(epoch: 0, stage: 7)]
        request.sequences = [KeptSequence(sequence: 1, positions: 10)]
        #expect(await pipe.load(request, 0) == [0])
        tested.end()
    }

    @Test func `weights that are given up do not count`() async throws {
        var model = TestPipe.model
        // Weights that are much beside buffers.
        model.feedForward = 1024
        let whole = try worker(model)
        #expect(await whole.load(whole.request(layers: 0..<4)))
        let bytes = Int(try #require(await whole.stages()?.first?.weightBytes))
        whole.end()
        let tested = try worker(model, memoryBytes: try TestWorker.memory(weights: bytes * 3 / 2, model: model))
        var request = tested.request(layers: 0..<4)
        request.keyValuePositions = 64
        #expect(await tested.load(request))
        request.epoch = 2
        request.context = 128
        #expect(await tested.failure(.loadStage(request)) == .outOfMemory)
        request.caches = [CacheSource(epoch: 1, stage: 0)]
        #expect(await tested.load(request))
        #expect(await tested.stages()?.map(\.epoch) == [2])
        tested.end()
    }
}
