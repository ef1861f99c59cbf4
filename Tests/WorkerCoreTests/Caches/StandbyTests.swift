import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Stages that wait to be taken over, and keep their caches close behind those that they stand by for.
struct StandbyTests {
    private static let tokens: [UInt32] = (0..<220).map { $0 * 29 % 250 }

    /// Waits until a worker's stage has so many bytes of caches.
    private func waits(_ tested: TestWorker, epoch: UInt32, bytes: UInt64, sequences: UInt32) async throws {
        var stage: StageReport?
        for _ in 0..<5_000 {
            stage = await tested.stages()?.first { $0.epoch == epoch }
            if stage?.keyValueBytes == bytes, stage?.sequences == sequences { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("not \(bytes) bytes in \(sequences) sequences: \(String(describing: stage))")
    }

    @Test(.timeLimit(.minutes(10)))
    func `a standby stage follows, and after a loss goes on with little to replay`() async throws {
        let main = try TestWorker(model: TestPipe.model), spare = try TestWorker(model: TestPipe.model)
        for tested in [main, spare] { try tested.keep(embedding: true, layers: 0..<4, head: true) }
        let port = try await main.listen()
        var pipe = TestPipe(main)
        #expect(await pipe.loadAll())
        #expect(await pipe.run([], [.open(sequence: 1)]) != nil)
        #expect(await pipe.feed(Self.tokens[..<200], of: 1))
        let expected = await pipe.logits(Array(Self.tokens[200...]), at: 200, of: 1)
        let page = try #require(await pipe.cacheBytes(1)) / 4

        pipe.epoch = 2
        #expect(await pipe.loadAll())
        var standby = pipe
        standby.workers = [spare, spare, spare]
        var request = standby.request(1)
        request.stage = 7
        request.standby = true
        request.caches = [CacheSource(epoch: 2, stage: 1, address: port.boundEndpoint.description)]
        #expect(await standby.load(request, 1) == [])
        // It takes no steps.
        spare.link.send(.step(tokenStep([], entries: [.open(sequence: 1)], epoch: 2, stage: 7)))
        if case .stepFailed(let failed) = await spare.probe.notice() {
            #expect(failed.code == .stageMissing)
        } else {
            Issue.record("no failure")
        }

        #expect(await pipe.run([], [.open(sequence: 1)]) != nil)
        #expect(await pipe.feed(Self.tokens[..<100], of: 1))
        try await waits(spare, epoch: 2, bytes: page, sequences: 1)
        // A fork shares its pages here too.
        #expect(await pipe.run([], [.fork(sequence: 2, from: 1, positions: 80), .open(sequence: 3)]) != nil)
        #expect(await pipe.feed(Self.tokens[80..<150], at: 80, of: 2))
        #expect(await pipe.feed(Self.tokens[100..<200], at: 100, of: 1))
        try await waits(spare, epoch: 2, bytes: 4 * page, sequences: 3)
        #expect(await pipe.run([], [.close(sequence: 2), .close(sequence: 3)]) != nil)
        try await waits(spare, epoch: 2, bytes: 3 * page, sequences: 1)
        // What was trimmed is taken again.
        #expect(await pipe.run([], [.trim(sequence: 1, to: 70)]) != nil)
        try await waits(spare, epoch: 2, bytes: page, sequences: 1)
        #expect(await pipe.feed(Self.tokens[70..<200], at: 70, of: 1))
        try await waits(spare, epoch: 2, bytes: 3 * page, sequences: 1)

        // The other worker is gone with all it had; a standby stage of a new epoch keeps what this one has.
        await port.close()
        let kept = [KeptSequence(sequence: 1, positions: 200, trims: 1)]
        request.epoch = 3
        request.caches.append(CacheSource(epoch: 2, stage: 7))
        request.sequences = kept
        #expect(await standby.load(request, 1) == [192])
        standby.epoch = 4
        #expect(await standby.load(0, taking: [], kept) == [0])
        #expect(await standby.load(1, taking: [CacheSource(epoch: 3, stage: 7)], kept) == [192])
        #expect(await standby.load(2, taking: [], kept) == [0])
        #expect(await standby.feed(Self.tokens[..<200], of: 1, replayThrough: 2))
        #expect(await standby.logits(Array(Self.tokens[200...]), at: 200, of: 1) == expected)
        #expect(await spare.stages()?.map(\.epoch) == [4, 4, 4])
        main.end()
        spare.end()
    }

    @Test func `a standby stage has no next one`() async throws {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(layers: 1..<3)
        var request = tested.request(layers: 1..<3, next: .worker(address: "127.0.0.1:1", stage: 1))
        request.standby = true
        #expect(await tested.failure(.loadStage(request)) == .badRequest)
        tested.end()
    }
}
