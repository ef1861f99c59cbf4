import ModelParts
import NIOCore
import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Caches that go from one worker to another.
struct RemoteTakeoverTests {
    private static let first: [UInt32] = (0..<140).map { $0 * 29 % 250 }
    private static let second: [UInt32] = (0..<140).map { $0 < 70 ? $0 * 29 % 250 : $0 * 31 % 250 }
    private let kept = [1, 2].map { KeptSequence(sequence: $0, positions: 130) }

    /// A worker with the model's shards, which takes links.
    private func worker() async throws -> (TestWorker, Listener) {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        return (tested, try await tested.listen())
    }

    /// Sequences 1 and 2 of 130 positions that share 70.
    private func fill(_ pipe: TestPipe) async -> Bool {
        guard await pipe.run([], [.open(sequence: 1)]) != nil, await pipe.feed(Self.first[..<130], of: 1),
            await pipe.run([], [.fork(sequence: 2, from: 1, positions: 70)]) != nil
        else { return false }
        return await pipe.feed(Self.second[70..<130], at: 70, of: 2)
    }

    private func logits(_ pipe: TestPipe) async -> [[UInt32]] {
        [
            await pipe.logits(Array(Self.first[130...]), at: 130, of: 1),
            await pipe.logits(Array(Self.second[130...]), at: 130, of: 2),
        ]
    }

    @Test(arguments: KeyValueType.allCases) func `a stage moves to another worker with its caches, also half of it`(
        type: KeyValueType
    ) async throws {
        let (from, fromPort) = try await worker()
        let (to, toPort) = try await worker()
        var pipe = TestPipe(from)
        pipe.keyValueType = type
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        let bytes = await pipe.cacheBytes(1)
        let expected = await logits(pipe)
        pipe.epoch = 2
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        let address = fromPort.boundEndpoint.description

        // The second stage alone moves.
        var moved = pipe
        moved.epoch = 3
        moved.workers = [from, to, from]
        let source = CacheSource(epoch: 2, stage: 1, address: address)
        #expect(await moved.load(1, taking: [source], kept) == [130, 130])
        // Of the partial page that the sequences shared when they parted, each has its own anyway.
        #expect(await moved.cacheBytes(1) == bytes)
        for index in [0, 2] {
            let own = CacheSource(epoch: 2, stage: UInt32(index))
            #expect(await moved.load(index, taking: [own], kept) == [130, 130])
        }
        #expect(await logits(moved) == expected)

        // Then one of its layers moves back, to the last stage there.
        var back = moved
        back.epoch = 4
        back.ranges[1] = StageRange(layers: 1..<2)
        back.ranges[2] = StageRange(layers: 2..<4, head: true)
        let there = CacheSource(epoch: 3, stage: 1, address: toPort.boundEndpoint.description)
        #expect(await back.load(2, taking: [CacheSource(epoch: 3, stage: 2), there], kept) == [130, 130])
        #expect(await back.load(1, taking: [CacheSource(epoch: 3, stage: 1)], kept) == [130, 130])
        #expect(await back.load(0, taking: [CacheSource(epoch: 3, stage: 0)], kept) == [130, 130])
        #expect(await logits(back) == expected)
        await fromPort.close()
        await toPort.close()
        from.end()
        to.end()
    }

    @Test func `a source that cannot be reached, or has something else, costs positions and not the stage`()
        async throws
    {
        let (from, fromPort) = try await worker()
        let (to, toPort) = try await worker()
        var pipe = TestPipe(from)
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        let address = fromPort.boundEndpoint.description
        pipe.workers = [to, to, to]
        for source in [
            CacheSource(epoch: 1, stage: 1, address: "127.0.0.1:1"),
            CacheSource(epoch: 1, stage: 1, address: "nowhere:"),
            CacheSource(epoch: 9, stage: 1, address: address), CacheSource(epoch: 1, stage: 0, address: address),
        ] {
            pipe.epoch += 1
            #expect(await pipe.load(1, taking: [source], kept) == [0, 0])
        }
        pipe.epoch += 1
        let other = [KeptSequence(sequence: 1, positions: 130, trims: 1), KeptSequence(sequence: 2, positions: 100)]
        let source = CacheSource(epoch: 1, stage: 1, address: address)
        #expect(await pipe.load(1, taking: [source], other) == [0, 100])
        // Another session's caches are not seen.
        let stranger = try TestWorker(model: TestPipe.model, session: 8)
        try stranger.keep(layers: 1..<3)
        pipe.workers = [stranger, stranger, stranger]
        #expect(await pipe.load(1, taking: [source], kept) == [0, 0])
        await fromPort.close()
        await toPort.close()
        for tested in [from, to, stranger] { tested.end() }
    }

    @Test func `over a link of caches a worker tells what it has and gives pages in order`() async throws {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(embedding: true, layers: 0..<4, head: true)
        let pipe = TestPipe(tested)
        #expect(await pipe.loadAll())
        #expect(await fill(pipe))
        #expect(await pipe.run([], [.trim(sequence: 2, to: 129)]) != nil)
        let probe = WorkerProbe()
        let link = tested.worker.connectInProcess(hello(.caches, session: 7), handler: probe)
        #expect(
            await probe.ask(.cacheInquiry(CacheInquiry(epoch: 1, stage: 1)), on: link)
                == .cacheInventory(
                    CacheInventory(sequences: [
                        CachedSequence(sequence: 1, positions: 130),
                        CachedSequence(sequence: 2, positions: 129, trims: 1, sharedPositions: 64, sharedWith: 1),
                    ])))
        link.send(
            .cacheRequest(CacheRequest(epoch: 1, stage: 1, sequence: 2, layers: 1..<3, pages: 1..<3)), request: 99)
        var pieces: [CachePiece] = []
        while pieces.count < 4,
            case .cache(let piece)? = await probe.frame(where: { if case .cache = $0 { true } else { false } })
        {
            pieces.append(piece)
        }
        #expect(pieces.map(\.page) == [1, 1, 2, 2])
        #expect(pieces.map(\.layer) == [1, 2, 1, 2])
        #expect(pieces.allSatisfy { $0.trims == 1 && $0.sequence == 2 && $0.epoch == 1 && $0.stage == 1 })
        #expect(Set(pieces.map(\.bytes)).count == 4)

        func failure(_ body: ControlBody) async -> FailureCode? {
            if case .failure(let failure) = await probe.ask(body, on: link) { failure.code } else { nil }
        }
        func request(_ stage: UInt32, _ sequence: UInt32, _ layers: Range<UInt32>, _ pages: Range<UInt32>)
            -> ControlBody
        {
            .cacheRequest(
                CacheRequest(epoch: 1, stage: stage, sequence: sequence, layers: layers, pages: pages))
        }
        #expect(await failure(.cacheInquiry(CacheInquiry(epoch: 2, stage: 1))) == .stageMissing)
        #expect(await failure(request(9, 1, 1..<3, 0..<1)) == .stageMissing)
        #expect(await failure(request(1, 9, 1..<3, 0..<1)) == .sequenceMissing)
        #expect(await failure(request(1, 1, 1..<3, 0..<4)) == .positionMismatch)
        #expect(await failure(request(1, 1, 1..<4, 0..<1)) == .badRequest)
        #expect(await failure(request(1, 1, 0..<2, 0..<1)) == .badRequest)
        #expect(await failure(.loadStage(pipe.request(0))) == .badRequest)
        #expect(await failure(.shardInquiry(ShardInquiry(ids: []))) == .badRequest)
        // Without the role there are no caches.
        #expect(await tested.failure(.cacheInquiry(CacheInquiry(epoch: 1, stage: 1))) == .badRequest)
        #expect(await tested.failure(request(1, 1, 1..<3, 0..<1)) == .badRequest)
        link.close()
        tested.end()
    }

    @Test(.timeLimit(.minutes(10)))
    func `whoever asks for much and reads nothing is sent a few megabytes, and steps go on`() async throws {
        var model = TestPipe.model
        model.width = 1024
        model.heads = 4
        model.keyValueHeads = 4
        model.contextLength = 2048
        let tested = try TestWorker(model: model)
        try tested.keep(embedding: true, layers: 0..<1)
        var pipe = TestPipe(tested)
        pipe.context = 2048
        pipe.ranges = [StageRange(embedding: true, layers: 0..<1)]
        pipe.workers = [tested]
        #expect(await pipe.loadAll())
        #expect(await pipe.run([], [.open(sequence: 1)]) != nil)
        // 10 pages of 256 KiB.
        #expect(await pipe.feed((0..<640).map { $0 % 250 }, of: 1, chunk: 256))
        let probe = WorkerProbe()
        let hello = hello(.caches, session: 7)
        let (link, sending) = InProcessLink.pair(
            hello: hello, welcome: Welcome(version: 1, name: "tested", softwareVersion: "test"), dialing: probe,
            accepting: tested.worker.handler(
                for: PeerIdentity(
                    name: "test", role: .caches, session: 7, address: "here", version: 1, softwareVersion: "test")))
        link.setReading(false)
        let part = CacheRequest(epoch: 1, stage: 0, sequence: 1, layers: 0..<1, pages: 0..<10)
        for request in 1...64 { link.send(.cacheRequest(part), request: UInt64(request)) }
        for step in 0..<20 { #expect(await pipe.feed([5], at: 640 + step, of: 1)) }
        while sending.pendingBytes < 8 << 20 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(await pipe.feed([5], at: 660, of: 1))
        #expect(sending.pendingBytes == 8 << 20)
        #expect(probe.unread.isEmpty)
        link.setReading(true)
        var bytes = 0
        for _ in 0..<640 {
            guard case .cache(let piece) = await probe.frame(where: { _ in true }) else { break }
            bytes += piece.bytes.readableBytes
        }
        #expect(bytes == 640 * 256 << 10)
        link.close()
        tested.end()
    }
}
