import ModelParts
import ModelGraph
import ModelParts
import NIOCore
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Caches of layers with a window, which hold the last positions alone, when they go elsewhere.
struct WindowedCachesTests {
    private static let tokens: [UInt32] = (0..<700).map { $0 * 29 % 250 }
    private static let others: [UInt32] = (0..<700).map { $0 < 520 ? $0 * 29 % 250 : $0 * 31 % 250 }

    /// A worker with the model's shards, which takes links, and a pipe whose second stage has layers of both kinds.
    private func worker() async throws -> (TestWorker, Listener) {
        let tested = try TestWorker(model: TestPipe.windowed)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        return (tested, try await tested.listen())
    }

    private func pipe(_ tested: TestWorker) -> TestPipe {
        var pipe = TestPipe(tested)
        pipe.context = 1024
        pipe.windows = [WindowRoom(window: 40, positions: 1 << 20)]
        pipe.ranges = [
            StageRange(embedding: true, layers: 0..<1), StageRange(layers: 1..<4),
            StageRange(layers: 4..<4, head: true),
        ]
        return pipe
    }

    /// Sequences 1 and 2 of 600 positions that share 520.
    private func fill(_ pipe: TestPipe) async -> Bool {
        guard await pipe.run([], [.open(sequence: 1)]) != nil, await pipe.feed(Self.tokens[..<520], of: 1),
            await pipe.run([], [.fork(sequence: 2, from: 1, positions: 520)]) != nil,
            await pipe.feed(Self.tokens[520..<600], at: 520, of: 1)
        else { return false }
        return await pipe.feed(Self.others[520..<600], at: 520, of: 2)
    }

    private func logits(_ pipe: TestPipe, at position: Int = 600) async -> [[UInt32]] {
        [
            await pipe.logits(Array(Self.tokens[position..<610]), at: position, of: 1),
            await pipe.logits(Array(Self.others[position..<610]), at: position, of: 2),
        ]
    }

    private func kept(_ positions: UInt32) -> [KeptSequence] {
        [1, 2].map { KeptSequence(sequence: $0, positions: positions) }
    }

    @Test func `a stage that gives back computes the bits of one that keeps all, in a part of the memory`() async throws
    {
        let (tested, port) = try await worker()
        var pipe = pipe(tested)
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        let bytes = try #require(await pipe.cacheBytes(0))
        let expected = await logits(pipe)
        pipe.epoch = 2
        pipe.windows = []
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        // Both fill ten pages, eight of them shared; of each four are left, two of them shared.
        let all = try #require(await pipe.cacheBytes(0))
        #expect(bytes * 12 == all * 6)
        #expect(await logits(pipe) == expected)
        await port.close()
        tested.end()
    }

    @Test func `a stage moves to another worker and back with what it holds, and is cut as far as that allows`()
        async throws
    {
        let (from, fromPort) = try await worker()
        let (to, toPort) = try await worker()
        var pipe = pipe(from)
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        let bytes = await pipe.cacheBytes(1)
        let expected = await logits(pipe)
        pipe.epoch = 2
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))

        var moved = pipe
        moved.epoch = 3
        moved.workers = [from, to, from]
        let source = CacheSource(epoch: 2, stage: 1, address: fromPort.boundEndpoint.description)
        #expect(await moved.load(1, taking: [source], kept(600)) == [600, 600])
        #expect(await moved.cacheBytes(1) == bytes)
        #expect(await moved.load(0, taking: [CacheSource(epoch: 2, stage: 0)], kept(600)) == [600, 600])
        #expect(await moved.load(2, taking: [], kept(600)) == [600, 600])
        #expect(await logits(moved) == expected)

        // One of its layers moves back, and some positions less are known to be right.
        var back = moved
        back.epoch = 4
        back.ranges[1] = StageRange(layers: 1..<3)
        back.ranges[2] = StageRange(layers: 3..<4, head: true)
        let there = CacheSource(epoch: 3, stage: 1, address: toPort.boundEndpoint.description)
        #expect(await back.load(2, taking: [there], kept(500)) == [500, 500])
        #expect(await back.load(1, taking: [CacheSource(epoch: 3, stage: 1)], kept(500)) == [500, 500])
        #expect(await back.load(0, taking: [CacheSource(epoch: 3, stage: 0)], kept(500)) == [500, 500])
        #expect(await back.logits(Array(Self.tokens[500..<600]), at: 500, of: 1).isEmpty == false)
        #expect(await back.logits(Array(Self.tokens[600..<610]), at: 600, of: 1) == expected[0])

        // As far back as what row 400 sees nothing is left of layers with a window; without them it may be cut anywhere.
        var short = back
        short.epoch = 5
        #expect(await short.load(1, taking: [CacheSource(epoch: 4, stage: 1)], kept(400)) == [0, 0])
        #expect(await short.load(2, taking: [CacheSource(epoch: 4, stage: 2)], kept(400)) == [400, 400])
        await fromPort.close()
        await toPort.close()
        from.end()
        to.end()
    }

    @Test func `a standby stage takes whole sequences over, and follows them`() async throws {
        let (main, port) = try await worker()
        let (spare, sparePort) = try await worker()
        let pipe = pipe(main)
        #expect(await pipe.loadAll())
        #expect(await pipe.run([], [.open(sequence: 1)]) != nil)
        #expect(await pipe.feed(Self.tokens[..<400], of: 1))
        var standby = pipe
        standby.workers = [spare, spare, spare]
        var request = standby.request(1)
        request.stage = 7
        request.standby = true
        request.caches = [CacheSource(epoch: 1, stage: 1, address: port.boundEndpoint.description)]
        #expect(await standby.load(request, 1) == [])
        func follows(_ bytes: UInt64?) async throws {
            for _ in 0..<5_000 {
                if await spare.stages()?.first?.keyValueBytes == bytes { return }
                try await Task.sleep(for: .milliseconds(20))
            }
            Issue.record("not \(String(describing: bytes)) bytes: \(String(describing: await spare.stages()))")
        }
        // Two layers with a window hold pages 3 to 6, the third 0 to 6; of the last, which is not whole, the standby has nothing.
        let layer = try #require(await pipe.cacheBytes(1)) / (2 * 4 + 7)
        try await follows(layer * (2 * 3 + 6))
        #expect(await pipe.feed(Self.tokens[400..<600], at: 400, of: 1))
        // Pages 6 to 8, and 0 to 8.
        try await follows(layer * (2 * 3 + 9))
        await port.close()
        standby.epoch = 2
        let kept = [KeptSequence(sequence: 1, positions: 600)]
        #expect(await standby.load(1, taking: [CacheSource(epoch: 1, stage: 7)], kept) == [576])
        await sparePort.close()
        main.end()
        spare.end()
    }

    @Test func `what was given back is told, and neither given nor forked`() async throws {
        let (tested, port) = try await worker()
        let pipe = pipe(tested)
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        #expect(await pipe.run([], [.trim(sequence: 2, to: 510)]) != nil)
        let probe = WorkerProbe()
        let link = tested.worker.connectInProcess(hello(.caches, session: 7), handler: probe)
        #expect(
            await probe.ask(.cacheInquiry(CacheInquiry(epoch: 1, stage: 1)), on: link)
                == .cacheInventory(
                    CacheInventory(sequences: [
                        CachedSequence(sequence: 1, positions: 600, reach: 600),
                        CachedSequence(
                            sequence: 2, positions: 510, trims: 1, sharedPositions: 448, sharedWith: 1, reach: 600),
                    ])))
        func failure(_ layers: Range<UInt32>, _ pages: Range<UInt32>) async -> FailureCode? {
            let request = CacheRequest(epoch: 1, stage: 1, sequence: 1, layers: layers, pages: pages)
            return if case .failure(let failure) = await probe.ask(.cacheRequest(request), on: link) {
                failure.code
            } else {
                nil
            }
        }
        #expect(await failure(1..<3, 5..<6) == .positionMismatch)
        #expect(await failure(1..<2, 0..<7) == .positionMismatch)
        link.send(.cacheRequest(CacheRequest(epoch: 1, stage: 1, sequence: 1, layers: 3..<4, pages: 5..<6)), request: 9)
        link.send(
            .cacheRequest(CacheRequest(epoch: 1, stage: 1, sequence: 1, layers: 1..<4, pages: 6..<7)), request: 10)
        var pieces: [CachePiece] = []
        while pieces.count < 4,
            case .cache(let piece)? = await probe.frame(where: { if case .cache = $0 { true } else { false } })
        {
            pieces.append(piece)
        }
        #expect(pieces.map(\.layer) == [3, 1, 2, 3])
        for entry in [StepEntry.fork(sequence: 3, from: 1, positions: 300), .trim(sequence: 1, to: 300)] {
            tested.link.send(.step(tokenStep([], entries: [entry])))
            if case .stepFailed(let failed) = await tested.probe.notice() {
                #expect(failed.code == .positionMismatch)
            } else {
                Issue.record("no failure")
            }
        }
        link.close()
        await port.close()
        tested.end()
    }

    @Test func `layers with a window are loaded for the room that they need, and have no more`() async throws {
        let (whole, wholePort) = try await worker()
        var asked = pipe(whole).request(1)
        asked.keyValuePositions = 1 << 16
        asked.windows = [WindowRoom(window: 40, positions: 640)]
        #expect(await whole.load(asked))
        let need = try #require(await whole.stages()?.first?.weightBytes)
        await wholePort.close()
        whole.end()
        // A layer's page is 8 KiB: 1024 pages of one, and ten of two. Three times 1024 do not fit.
        let tested = try TestWorker(model: TestPipe.windowed, memoryBytes: Int(need) + 16 << 20)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        var pipe = pipe(tested)
        pipe.ranges = [StageRange(embedding: true, layers: 0..<4)]
        pipe.workers = [tested]
        var request = pipe.request(0)
        request.keyValuePositions = 1 << 16
        request.windows = []
        #expect(await tested.failure(.loadStage(request)) == .outOfMemory)
        request.windows = [WindowRoom(window: 40, positions: 640)]
        #expect(await tested.load(request))
        // Ten pages, and those that the worker adds.
        #expect(await pipe.run([], [.open(sequence: 1), .open(sequence: 2), .open(sequence: 3)]) != nil)
        for sequence in 1...3 as ClosedRange<UInt32> { #expect(await pipe.feed(Self.tokens[..<400], of: sequence)) }
        let rows = StepEntry.rows(sequence: 1, position: 400, count: 600, output: .none)
        tested.link.send(.step(tokenStep(Self.tokens[..<600].map { $0 }, entries: [rows])))
        if case .stepFailed(let failed) = await tested.probe.notice() {
            #expect(failed.code == .outOfMemory)
        } else {
            Issue.record("no failure")
        }
        tested.end()
    }
}
