import TestSupport
import Testing
import Transport
import Wire
import WorkerCore

/// Sessions whose coordinator is lost and comes back.
@Suite(.timeLimit(.minutes(10))) struct SessionTests {
    private func coordinator(_ port: Listener, session: UInt64) async throws -> (any Link, WorkerProbe) {
        let probe = WorkerProbe()
        let link = try await LocalWorker.makeTransport().connect(
            to: port.boundEndpoint, hello: hello(.coordinator, session: session), handler: probe)
        return (link, probe)
    }

    /// Ends a link without a goodbye, as when the process dies: a frame that may not be sent closes it.
    private func cut(_ link: any Link) {
        link.send(.step(StepFrame(epoch: 0, stage: 0, step: 0, entries: [], width: -1)))
    }

    private func loads(_ request: LoadStage, _ link: any Link, _ probe: WorkerProbe) async -> [UInt32]? {
        guard case .stageLoaded(let loaded) = await probe.ask(.loadStage(request), on: link) else { return nil }
        return loaded.sequences.map(\.positions)
    }

    /// Waits until the worker holds stages of these sessions alone.
    private func waits(_ tested: TestWorker, sessions: [UInt64]) async throws {
        while tested.worker.report().stages.map(\.session) != sessions { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test func `stages outlive a link that is cut, and go on with their caches when the coordinator is back`()
        async throws
    {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(embedding: true, layers: 0..<1)
        let port = try await tested.listen()
        let (link, probe) = try await coordinator(port, session: 40)
        let request = tested.request(embedding: true, layers: 0..<1)
        #expect(await loads(request, link, probe) == [])
        link.send(
            .step(
                tokenStep(
                    [5, 6], entries: [.open(sequence: 1), .rows(sequence: 1, position: 0, count: 2, output: .none)])))
        #expect(await probe.step() != nil)
        cut(link)
        #expect(await probe.notice() == nil)
        let (again, other) = try await coordinator(port, session: 40)
        guard case .deviceReport(let report) = await other.ask(.describeDevice(DescribeDevice()), on: again) else {
            Issue.record("no report")
            return
        }
        #expect(report.stages.map(\.session) == [40])
        #expect(report.stages.map(\.sequences) == [1])
        var next = request
        next.epoch = 2
        next.caches = [CacheSource(epoch: 1, stage: 0)]
        next.sequences = [KeptSequence(sequence: 1, positions: 2)]
        #expect(await loads(next, again, other) == [2])
        again.send(
            .step(tokenStep([7], entries: [.rows(sequence: 1, position: 2, count: 1, output: .all)], epoch: 2)))
        #expect(await other.step()?.rowCount == 1)
        // With a goodbye they go.
        again.close()
        try await waits(tested, sessions: [])
        await port.close()
        tested.end()
    }

    @Test func `a session that nobody comes back to ends`() async throws {
        let tested = try TestWorker(model: TestPipe.model, sessionRetention: .milliseconds(50))
        try tested.keep(layers: 0..<1)
        let port = try await tested.listen()
        for session in UInt64(50)..<52 {
            let (link, probe) = try await coordinator(port, session: session)
            #expect(await loads(tested.request(layers: 0..<1), link, probe) == [])
            cut(link)
        }
        try await waits(tested, sessions: [])
        #expect(throws: (any Error).self) { try tested.worker.welcome(hello(.upstream, session: 50)).get() }
        await port.close()
        tested.end()
    }

    @Test func `a session without stages is not kept`() async throws {
        let tested = try TestWorker(model: TestPipe.model)
        let port = try await tested.listen()
        let (link, _) = try await coordinator(port, session: 60)
        #expect((try? tested.worker.welcome(hello(.upstream, session: 60)).get()) != nil)
        cut(link)
        while (try? tested.worker.welcome(hello(.upstream, session: 60)).get()) != nil {
            try await Task.sleep(for: .milliseconds(5))
        }
        await port.close()
        tested.end()
    }

    @Test func `sessions that wait make room for another's stages, the longest first`() async throws {
        var model = TestPipe.model
        // Weights that are much beside buffers.
        model.feedForward = 1024
        let whole = try TestWorker(model: model)
        try whole.keep(layers: 0..<4)
        #expect(await whole.load(whole.request(layers: 0..<4)))
        let bytes = Int(try #require(await whole.stages()?.first?.weightBytes))
        whole.end()
        let memory = try TestWorker.memory(weights: bytes * 5 / 2, model: model, stages: 2)
        let tested = try TestWorker(model: model, memoryBytes: memory)
        try tested.keep(layers: 0..<4)
        let (endings, ended) = AsyncStream.makeStream(of: Void.self)
        var known = endings.makeAsyncIterator()
        let port = try await tested.listen(ended: { ended.yield() })
        for session in UInt64(70)..<72 {
            let (link, probe) = try await coordinator(port, session: session)
            #expect(await loads(tested.request(layers: 0..<4), link, probe) == [])
            cut(link)
            // Its end is known to the worker before the next begins.
            await known.next()
        }
        #expect(tested.worker.report().stages.map(\.session) == [70, 71])
        #expect(await tested.load(tested.request(layers: 0..<4)))
        #expect(tested.worker.report().stages.map(\.session) == [7, 71])
        #expect(await tested.load(tested.request(layers: 0..<4, epoch: 2)))
        #expect(tested.worker.report().stages.map(\.session) == [7, 7])
        // One that is there makes no room for others.
        #expect(await tested.failure(.loadStage(tested.request(layers: 0..<4, epoch: 3))) == .outOfMemory)
        await port.close()
        tested.end()
    }

    @Test func `of two links of a session the newer wins, and the older is closed`() async throws {
        let tested = try TestWorker(model: TestPipe.model)
        try tested.keep(layers: 0..<1)
        let port = try await tested.listen()
        let (older, first) = try await coordinator(port, session: 80)
        #expect(await loads(tested.request(layers: 0..<1), older, first) == [])
        let (newer, second) = try await coordinator(port, session: 80)
        #expect(await first.notice() == nil)
        _ = await second.ask(.describeDevice(DescribeDevice()), on: newer)
        #expect(tested.worker.report().stages.map(\.session) == [80])
        #expect(await loads(tested.request(layers: 0..<1, epoch: 2), newer, second) == [])
        newer.close()
        try await waits(tested, sessions: [])
        await port.close()
        tested.end()
    }
}
